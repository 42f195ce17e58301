//! The loop that drives one decision through a store.

use tollgate_core::{ATTEMPTS_MAX, DECISION_TIME_MAX, Span, Timestamp};

use crate::random::wait_after;
use crate::sweep::IDLE_GRACE;
use crate::{Clock, Loaded, Store, StoreError, Swap};

/// What a decision says: its outcome, and the record to write, if it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    /// What is handed back once the record is written.
    pub outcome: T,
    /// The new record; nothing when there is nothing to write.
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
    /// Others were faster [`ATTEMPTS_MAX`] times in a row. Nothing was charged.
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
/// `ask` gets the record, or nothing when the key is absent, and the time at which it was loaded. It is
/// called again after every conflict, with a new record and a new time, so it must be pure. Without a
/// record to write the answer stands at once: a denial costs one load and no swap.
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
        let (Loaded { record, token }, now) = attempts.load().await?;
        let answer = ask(record.as_deref(), now).map_err(DriveError::Ask)?;
        let Some(record) = answer.record else {
            return Ok(answer.outcome);
        };
        if attempts.swap(token, &record, answer.forget_after).await? == Swap::Done {
            return Ok(answer.outcome);
        }
    }
}

/// The attempts of one decision. Whatever is decided, they are one piece of code.
struct Attempts<'a, S, C> {
    store: &'a S,
    clock: &'a C,
    key: &'a str,
    /// When the record was loaded first, and last.
    loaded: Option<(Timestamp, Timestamp)>,
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
    const fn new(store: &'a S, clock: &'a C, key: &'a str) -> Self {
        Self { store, clock, key, loaded: None, conflicts: 0 }
    }

    /// The record, and the time. The clock is read no more often than it has to: in a guest each look is
    /// a call of the host.
    async fn load(&mut self) -> Result<(Loaded<S::Token>, Timestamp), GivenUp> {
        let since_first = self.loaded.map(|(first, _)| self.clock.now().since(first));
        if since_first.is_some_and(|took| took > DECISION_TIME_MAX) {
            return Err(GivenUp::TimedOut);
        }
        let loaded = self.store.load(self.key).await.map_err(GivenUp::Store)?;
        let now = self.clock.now();
        self.loaded = Some((self.loaded.map_or(now, |(first, _)| first), now));
        Ok((loaded, now))
    }

    /// Writes, or waits after a conflict.
    async fn swap(
        &mut self,
        token: S::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, GivenUp> {
        let swap = write(self.store, self.key, token, record, forget_after).await;
        let swap = swap.map_err(GivenUp::Store)?;
        if swap == Swap::Conflict {
            self.conflicts += 1;
            if self.conflicts == ATTEMPTS_MAX {
                return Err(GivenUp::Busy);
            }
            let swapped = self.loaded.map_or(Span::ZERO, |(_, last)| self.clock.now().since(last));
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

/// Swaps in a record that matters for so long.
pub(crate) async fn write<S: Store>(
    store: &S,
    key: &str,
    token: S::Token,
    record: &[u8],
    forget_after: Span,
) -> Result<Swap, StoreError> {
    match kept_for(forget_after) {
        Span::NEVER => store.swap(key, token, record).await,
        kept_for => store.swap_expiring(key, token, record, kept_for).await,
    }
}

/// How long a store keeps a record that matters for so long by the clock of who writes it. By the clock of
/// somebody else it may matter for longer, so it is kept as a sweeper keeps it.
pub(crate) const fn kept_for(forget_after: Span) -> Span {
    Span::from_nanos(forget_after.as_nanos().saturating_add(IDLE_GRACE.as_nanos()))
}
