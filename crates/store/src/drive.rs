//! The loop that drives one decision through a store.

use tollgate_core::Span;

use crate::random::wait_after;
use crate::{Clock, Store, StoreError, Swap};

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
    let start = clock.now();
    for attempt in 1..=ATTEMPTS_MAX {
        if clock.now().since(start) > DECISION_TIME_MAX {
            return Err(DriveError::TimedOut);
        }
        let seen = store.load(key).await?;
        let answer = ask(seen.record.as_deref()).map_err(DriveError::Ask)?;
        let Some(record) = answer.record else {
            return Ok(answer.outcome);
        };
        let swap = match answer.forget_after {
            Span::NEVER => store.swap(key, seen.token, &record).await?,
            forget_after => store.swap_expiring(key, seen.token, &record, forget_after).await?,
        };
        match swap {
            Swap::Done => return Ok(answer.outcome),
            Swap::Conflict if attempt < ATTEMPTS_MAX => clock.sleep(wait_after(attempt)).await,
            Swap::Conflict => {}
        }
    }
    Err(DriveError::Busy)
}
