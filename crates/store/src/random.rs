//! The only randomness there is: waits between attempts, so that those who collided do not collide
//! again, and names that nobody else uses.

use tollgate_core::{Id, Span};

/// Longest wait before the second attempt, for a store that answers at once. It doubles with every attempt.
const FIRST_WAIT_MAX_NS: u64 = 200_000;
/// Longest wait before the second attempt, as a multiple of what an attempt takes: after a shorter wait, writers that
/// collided would collide again.
const FIRST_WAIT_MAX_ATTEMPTS: u64 = 2;
/// Longest wait before any attempt, so that even the last one ends in time for an answer.
const WAIT_MAX_NS: u64 = 200_000_000;

/// A random wait after `attempts` conflicts; the last attempt `took` this long, from its load to its swap.
///
/// Where there are no random numbers it is the longest wait.
pub(crate) fn wait_after(attempts: u32, took: Span) -> Span {
    let first = took.as_nanos().saturating_mul(FIRST_WAIT_MAX_ATTEMPTS).max(FIRST_WAIT_MAX_NS);
    let doublings = 2_u64.saturating_pow(attempts.saturating_sub(1));
    let most = first.saturating_mul(doublings).min(WAIT_MAX_NS);
    Span::from_nanos(getrandom::u64().map_or(most, |random| random % (most + 1)))
}

/// A unique name; `None` without randomness.
pub(crate) fn unique_name() -> Option<String> {
    Some(format!("{:032x}", random_id()?.as_u128()))
}

/// An unguessable id; `None` without randomness.
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
        let longest = |attempts, took_ns| {
            let waits = (0..1_000).map(|_| wait_after(attempts, Span::from_nanos(took_ns)));
            waits.max().map_or(0, Span::as_nanos)
        };
        let about = |most: u64| most / 2..=most;
        assert!(about(FIRST_WAIT_MAX_NS).contains(&longest(1, 0)));
        assert!(about(FIRST_WAIT_MAX_NS).contains(&longest(1, 1_000)));
        assert!(about(10_000_000).contains(&longest(1, 5_000_000)), "twice what it took");
        assert!(about(80_000_000).contains(&longest(4, 5_000_000)), "and twice as long each time");
        for (attempts, took_ns) in [(12, 0), (64, 0), (u32::MAX, 1), (1, u64::MAX)] {
            assert!(about(WAIT_MAX_NS).contains(&longest(attempts, took_ns)), "{attempts}");
        }
    }
}
