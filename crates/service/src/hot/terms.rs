//! The terms of a budget lease: its units, and the time in which they are spent.
//!
//! Both follow demand. A lease lasts only as long as [`REQUESTS_AIMED`] requests take, which then share one visit to
//! the store: the hotter a key is, the less of a lease stays unspent, and the sooner that is given back.

use tollgate_core::{Costs, LimitStatus, Span};

/// How many requests a lease aims to serve, and the size of a process's first lease: as many requests as Spin gives
/// to an instance.
const REQUESTS_AIMED: u64 = 128;
/// A lease for fewer requests is not worth a hold.
const REQUESTS_MIN: u64 = 4;
/// A lease is at most this part of a limit's capacity, and of what remains of it.
pub(super) const PARTS: u64 = 8;
/// Shortest time in which a lease is spent: even the hottest key is visited only eight times a second.
const SPENT_WITHIN_MIN: Span = Span::from_millis(125);
/// Longest time in which a lease is spent, and so the longest delay until a process sees an operator's change to a key.
const SPENT_WITHIN_MAX: Span = Span::from_secs(1);
/// How long a lease lives on after that: time to settle it, and an allowance for clocks that differ.
const SETTLED_WITHIN: Span = Span::from_secs(1);
/// The time in which a process's first lease is spent, while demand is unknown. An instance on Spin has no other
/// lease, and what it leaves unspent is held until the lease expires.
const SPENT_WITHIN_FIRST: Span = Span::from_millis(500);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) units: Vec<u64>,
    pub(super) spent_within: Span,
}

/// What was spent from a lease.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spent<'a> {
    pub(super) units: &'a [u64],
    /// How many requests spent these units.
    pub(super) requests: u64,
    pub(super) elapsed: Span,
}

impl Terms {
    /// The first lease of a process, for requests with these costs.
    pub(super) fn first(costs: &Costs) -> Self {
        let units = costs.as_slice().iter().map(|cost| cost.saturating_mul(REQUESTS_AIMED));
        Self { units: units.collect(), spent_within: SPENT_WITHIN_FIRST }
    }

    /// The next lease: for as long as [`REQUESTS_AIMED`] requests take at the pace of this one, and for what they will
    /// spend in that time, but at most twice the units of this one.
    pub(super) fn next(&self, spent: Spent<'_>) -> Self {
        let elapsed = u128::from(spent.elapsed.as_nanos().max(1));
        let aimed = elapsed * u128::from(REQUESTS_AIMED) / u128::from(spent.requests.max(1));
        let spent_within = span(aimed).clamp(SPENT_WITHIN_MIN, SPENT_WITHIN_MAX);
        let units = self.units.iter().zip(spent.units).map(|(held, spent)| {
            let expected = u128::from(*spent) * u128::from(spent_within.as_nanos()) / elapsed;
            u64::try_from(expected).unwrap_or(u64::MAX).min(held.saturating_mul(2))
        });
        Self { units: units.collect(), spent_within }
    }

    /// The same terms, with at most one part in [`PARTS`] of the room of each limit. `limits` are the limits' statuses
    /// after these units were held or, if not `are_held`, refused.
    pub(super) fn within(&self, limits: &[LimitStatus], are_held: bool) -> Self {
        let units = self.units.iter().zip(limits).map(|(units, limit)| {
            let own = if are_held { *units } else { 0 };
            let room = limit.limit.min(limit.remaining.saturating_add(own));
            (room / PARTS).min(*units)
        });
        Self { units: units.collect(), ..*self }
    }

    /// How long the lease lives.
    pub(super) const fn life(&self) -> Span {
        Span::from_nanos(self.spent_within.as_nanos() + SETTLED_WITHIN.as_nanos())
    }

    /// Whether the units are enough for [`REQUESTS_MIN`] requests with these costs.
    pub(super) fn are_worth_it(&self, costs: &Costs) -> bool {
        let mut both = self.units.iter().zip(costs.as_slice());
        both.all(|(units, cost)| *units >= cost.saturating_mul(REQUESTS_MIN))
    }
}

fn span(nanos: u128) -> Span {
    u64::try_from(nanos).map_or(Span::NEVER, Span::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    const THIS: fn(u64) -> Terms =
        |units| Terms { units: vec![units], spent_within: SPENT_WITHIN_FIRST };

    /// The terms after a lease of `held` units, of which `spent` requests of one unit each took `millis` milliseconds.
    fn next(held: u64, spent: u64, millis: u64) -> Terms {
        let elapsed = Span::from_millis(millis);
        THIS(held).next(Spent { units: &[spent], requests: spent, elapsed })
    }

    /// A lease lasts as long as 128 requests take, within bounds, and holds what is spent in that time.
    #[test]
    fn size_and_length_follow_the_demand() {
        for (per_s, millis, units) in [
            (25_000, 125, 3_125),
            (1_024, 125, 128),
            (512, 250, 128),
            (128, 1_000, 128),
            (40, 1_000, 40),
        ] {
            let spent_within = Span::from_millis(millis);
            let expected = Terms { units: vec![units], spent_within };
            assert_eq!(next(1_000_000, per_s, 1_000), expected, "{per_s} requests a second");
        }
    }

    /// A burst may not last, so a lease is at most twice as large as the one before.
    #[test]
    fn a_lease_grows_by_doubling() {
        assert_eq!(next(128, 128, 1).units, [256]);
    }

    /// Nothing divides by zero or overflows, whatever was spent in whatever time.
    #[test]
    fn any_past_has_a_next() {
        let idle = next(128, 0, 0);
        assert_eq!((&*idle.units, idle.spent_within), (&[0][..], SPENT_WITHIN_MIN));
        assert_eq!(next(u64::MAX, u64::MAX, u64::MAX).spent_within, SPENT_WITHIN_MIN);
        assert_eq!(next(u64::MAX, 1, u64::MAX).spent_within, SPENT_WITHIN_MAX);
    }
}
