//! What can go wrong with a request, or while it waits.

use tollgate_core::{HOLD_TTL_MAX, UNITS_MAX};

use crate::{Answer, KEY_BYTES_MAX};

/// Why a limiter can't decide. Nothing was charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LimiterError {
    /// The key is empty or too long.
    #[error("key: must be 1 to {KEY_BYTES_MAX} bytes, not {0}")]
    Key(usize),
    /// The limiter has as many keys as it may have, and every one that it checked is still needed: a
    /// charge has not recovered yet, or something is held.
    #[error("keys_max: {0} keys are in use, the most that this limiter keeps")]
    Full(usize),
    /// A number of units is beyond [`UNITS_MAX`].
    #[error("units: must be 0 to {UNITS_MAX}")]
    Units,
    /// A request for a lease has an id under which the key has been charged before, or under which it holds something.
    #[error("once: the id was used before, and a lease needs one of its own")]
    Repeated,
    /// A lease would live for no time, or for too long.
    #[error("ttl: must be 1 ns to {} days", HOLD_TTL_MAX.as_secs_ceil() / 86_400)]
    Ttl,
}

/// Why nothing was acquired. Nothing was charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AcquireError {
    /// It would not pass in time. Returned at once where waiting can't help.
    #[error("timeout: {}", soonest(.0))]
    TimedOut(Answer),
    /// It never passes: a cost exceeds what its limit can ever offer it, or asks for a slot without
    /// holding it.
    #[error("costs: above what the limit ever has for them")]
    Impossible(Answer),
    /// The limiter can't decide.
    #[error(transparent)]
    Limiter(#[from] LimiterError),
}

/// When a denied request passes at the soonest.
fn soonest(denied: &Answer) -> String {
    match denied.retry_after {
        wait if wait.is_never() => String::from("waiting does not help"),
        wait => format!("it passes in {} ms at the soonest", wait.as_millis_ceil()),
    }
}
