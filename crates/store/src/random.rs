//! The only randomness there is: waits between attempts, so that those who collided do not collide
//! again, and names that nobody else uses.

use tollgate_core::{Id, Span};

/// Longest wait before the second attempt; it doubles with every further one.
const FIRST_WAIT_MAX_NS: u64 = 200_000;
/// Longest wait before any attempt.
const WAIT_MAX_NS: u64 = 20_000_000;

/// A random wait after `attempts` conflicts.
///
/// Without randomness there is no wait worth having: the longest one is taken.
pub(crate) fn wait_after(attempts: u32) -> Span {
    let doubled = FIRST_WAIT_MAX_NS.checked_shl(attempts.saturating_sub(1)).unwrap_or(WAIT_MAX_NS);
    let most = doubled.min(WAIT_MAX_NS);
    Span::from_nanos(getrandom::u64().map_or(most, |random| random % (most + 1)))
}

/// A name that nobody else uses; nothing without randomness.
pub(crate) fn unique_name() -> Option<String> {
    Some(format!("{:032x}", random_id()?.as_u128()))
}

/// An id that nobody can guess; nothing without randomness.
///
/// ```
/// assert_ne!(tollgate_store::random_id(), tollgate_store::random_id());
/// ```
#[must_use]
pub fn random_id() -> Option<Id> {
    let (high, low) = (getrandom::u64().ok()?, getrandom::u64().ok()?);
    Some(Id::from_u128(u128::from(high) << 64 | u128::from(low)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_bounded() {
        let longest = |attempts| (0..1_000).map(|_| wait_after(attempts)).max();
        assert!(longest(1) <= Some(Span::from_nanos(FIRST_WAIT_MAX_NS)));
        assert!(longest(5) > Some(Span::from_nanos(FIRST_WAIT_MAX_NS)));
        for attempts in [10, 64, u32::MAX] {
            assert!(longest(attempts) <= Some(Span::from_nanos(WAIT_MAX_NS)));
        }
    }
}
