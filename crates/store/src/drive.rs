//! The loop that drives one decision through a store.

use tollgate_core::{Span, Timestamp};

use crate::random::wait_after;
use crate::sweep::IDLE_GRACE;
use crate::{Clock, Loaded, Store, StoreError, Swap};

/// Most attempts of one decision; after that the key is too busy.
pub const ATTEMPTS_MAX: u32 = 10;

/// How long one decision may take before no further attempt is made. Each call of a store has a bound
/// of its own, which is the store's.
pub const DECISION_TIME_MAX: Span = Span::from_secs(2);

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
/// `ask` gets the record, or nothing when the key is absent. It is called again after every conflict,
/// so it must be pure but for reading the clock, and it reads the clock anew every time. Without a
/// record to write the answer stands at once: a denial costs one load and no swap.
///
/// # Errors
/// [`DriveError`]; see there what was charged.
pub async fn drive<S: Store, C: Clock, T, E>(
    store: &S,
    clock: &C,
    key: &str,
    mut ask: impl FnMut(Option<&[u8]>) -> Result<Answer<T>, E>,
) -> Result<T, DriveError<E>> {
    let mut attempts = Attempts::new(store, clock, key);
    loop {
        let (record, token) = attempts.load().await?;
        let answer = ask(record.as_deref()).map_err(DriveError::Ask)?;
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
    start: Timestamp,
    /// When the last one began.
    began: Timestamp,
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
        let start = clock.now();
        Self { store, clock, key, start, began: start, conflicts: 0 }
    }

    async fn load(&mut self) -> Result<(Option<Vec<u8>>, S::Token), GivenUp> {
        if self.conflicts > 0 {
            self.began = self.clock.now();
            if self.began.since(self.start) > DECISION_TIME_MAX {
                return Err(GivenUp::TimedOut);
            }
        }
        let Loaded { record, token } = self.store.load(self.key).await.map_err(GivenUp::Store)?;
        Ok((record, token))
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
            let took = self.clock.now().since(self.began);
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
