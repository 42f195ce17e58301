//! The loop that drives one decision through a store.

use tollgate_core::{ATTEMPTS_MAX, DECISION_TIME_MAX, Span, Timestamp};

use crate::looks::Looks;
use crate::random::wait_after;
use crate::sweep::IDLE_GRACE;
use crate::{Clock, Loaded, Store, StoreError, Swap};

/// What a decision says: its outcome, and the record to write, if it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    /// What is handed back once the record is written.
    pub outcome: T,
    /// The new record; `None` when there is nothing to write.
    pub record: Option<Vec<u8>>,
    /// How long the new record matters: a store that expires records is told. [`Span::NEVER`] keeps it.
    pub forget_after: Span,
}

/// Why there is no decision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DriveError<E> {
    /// The store failed. If it failed while it wrote, it may have been charged.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// [`ATTEMPTS_MAX`] swaps in a row met a conflict. Nothing was charged.
    #[error("the key was changed by others {ATTEMPTS_MAX} times in a row")]
    Busy,
    /// It took longer than [`DECISION_TIME_MAX`]. Nothing was charged.
    #[error("the store is too slow")]
    TimedOut,
    /// The decision itself failed. Nothing was charged.
    #[error("{0}")]
    Ask(E),
}

/// Decides on `key`: loads its record, asks `ask`, and swaps what it answers.
///
/// `ask` gets the record, or `None` when the key is absent, and the time at which it was seen. It is
/// called again after every conflict, with a new record and a new time, so it must be pure. Without a
/// record to write the answer stands at once: a denial costs one load and no swap.
///
/// Where the store [remembers](Store::recall) the record, `ask` gets that one first. If its answer is written
/// successfully, no load was needed; if there is nothing to write, the record is loaded and `ask` called again.
///
/// # Errors
/// [`DriveError`]; see there what was charged.
pub async fn drive<S: Store, C: Clock, T, E>(
    store: &S,
    clock: &C,
    key: &str,
    mut ask: impl FnMut(Option<&[u8]>, Timestamp) -> Result<Answer<T>, E>,
) -> Result<T, DriveError<E>> {
    let mut attempts = Attempts::new(store, clock, key);
    loop {
        let (seen, now) = attempts.look().await?;
        match ask(seen.record.as_deref(), now) {
            Ok(Answer { outcome, record: Some(record), forget_after }) => {
                if attempts.swap(seen.token, &record, forget_after).await? == Swap::Done {
                    return Ok(outcome);
                }
            }
            _ if !attempts.looks.stands() => {}
            Ok(answer) => return Ok(answer.outcome),
            Err(error) => return Err(DriveError::Ask(error)),
        }
    }
}

/// The attempts of one decision: a type of its own, so that it is compiled once per store and not once per `ask`.
struct Attempts<'a, S, C> {
    store: &'a S,
    clock: &'a C,
    key: &'a str,
    looks: Looks,
    /// When the record was seen first, and last.
    seen: Option<(Timestamp, Timestamp)>,
    /// How many ended in a conflict.
    conflicts: u32,
}

/// Why an attempt is the last one.
enum GivenUp {
    Store(StoreError),
    Busy,
    TimedOut,
}

impl<'a, S: Store, C: Clock> Attempts<'a, S, C> {
    fn new(store: &'a S, clock: &'a C, key: &'a str) -> Self {
        Self { store, clock, key, looks: Looks::default(), seen: None, conflicts: 0 }
    }

    /// The record, and the time. The clock is read no more often than it has to: in a guest each look is
    /// a call of the host.
    async fn look(&mut self) -> Result<(Loaded<S::Token>, Timestamp), GivenUp> {
        let since_first = self.seen.map(|(first, _)| self.clock.now().since(first));
        if since_first.is_some_and(|took| took > DECISION_TIME_MAX) {
            return Err(GivenUp::TimedOut);
        }
        let seen = self.looks.look(self.store, self.key).await.map_err(GivenUp::Store)?;
        let now = self.clock.now();
        self.seen = Some((self.seen.map_or(now, |(first, _)| first), now));
        Ok((seen, now))
    }

    /// Writes, or waits after a conflict.
    async fn swap(
        &mut self,
        token: S::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, GivenUp> {
        let swap = self.store.swap(self.key, token, record, kept_for(forget_after)).await;
        let swap = swap.map_err(GivenUp::Store)?;
        if swap == Swap::Conflict && self.looks.is_race() {
            self.conflicts += 1;
            if self.conflicts == ATTEMPTS_MAX {
                return Err(GivenUp::Busy);
            }
            let swapped = self.seen.map_or(Span::ZERO, |(_, last)| self.clock.now().since(last));
            // A load takes about as long as a swap.
            let took = Span::from_nanos(swapped.as_nanos().saturating_mul(2));
            self.clock.sleep(wait_after(self.conflicts, took)).await;
        }
        Ok(swap)
    }
}

impl<E> From<GivenUp> for DriveError<E> {
    fn from(given_up: GivenUp) -> Self {
        match given_up {
            GivenUp::Store(error) => Self::Store(error),
            GivenUp::Busy => Self::Busy,
            GivenUp::TimedOut => Self::TimedOut,
        }
    }
}

/// How long a store keeps a record that matters for `forget_after` by the writer's clock. By another process's
/// clock it may matter for longer, so it is kept [`IDLE_GRACE`] longer, as a sweeper does.
pub(crate) const fn kept_for(forget_after: Span) -> Span {
    Span::from_nanos(forget_after.as_nanos().saturating_add(IDLE_GRACE.as_nanos()))
}
