//! When a limit will have room again, given that holds expire in the meantime.
//!
//! A hold becomes a charge at the moment it expires, and starts to drain then. So time is walked from
//! expiry to expiry: between two of them the limit's own algorithm knows how long it takes.

use crate::algorithms::any::State;
use crate::policy::limit::Limit;
use crate::record::holds::Holds;
use crate::time::{Span, Timestamp};

/// The shortest wait after which `needed` units fit.
#[inline]
pub(crate) fn retry_after(
    limit: &Limit,
    state: &State,
    holds: &Holds,
    now: Timestamp,
    needed: u64,
) -> Span {
    if holds.is_empty() {
        return limit.rule().retry_after(state, now, needed);
    }
    walk(limit, state, holds, now, Until::Fits(needed))
}

/// How long until the limit is as if never used.
pub(crate) fn reset_after(limit: &Limit, state: &State, holds: &Holds, now: Timestamp) -> Span {
    walk(limit, state, holds, now, Until::Reset)
}

/// What is waited for.
#[derive(Clone, Copy)]
enum Until {
    /// So many units fit.
    Fits(u64),
    /// The limit is as if never used.
    Reset,
}

impl Until {
    /// How long that takes from `from` on, while `held` units stay held.
    fn wait(self, limit: &Limit, state: &State, from: Timestamp, held: u64) -> Span {
        match self {
            Self::Fits(needed) => {
                let units = needed.saturating_add(held);
                let impossible = units > limit.rule().capacity(state);
                if impossible { Span::NEVER } else { limit.rule().retry_after(state, from, units) }
            }
            Self::Reset if held > 0 => Span::NEVER,
            Self::Reset => limit.rule().reset_after(state, from),
        }
    }
}

/// The first wait that ends before the next hold expires.
#[inline(never)]
fn walk(limit: &Limit, state: &State, holds: &Holds, now: Timestamp, until: Until) -> Span {
    // Cloned when the first hold is charged, which is rare.
    let (mut charged, mut from) = (None::<State>, now);
    let mut held = holds.on(limit.tag());
    for hold in holds.iter() {
        let units = hold.on(limit.tag());
        if units == 0 {
            continue;
        }
        let waited = until.wait(limit, charged.as_ref().unwrap_or(state), from, held);
        if !waited.is_never() && from.plus(waited) < hold.expires {
            return sum(from.since(now), waited);
        }
        from = hold.expires.max(from);
        held = held.saturating_sub(units);
        limit.rule().charge(charged.get_or_insert_with(|| state.clone()), from, units);
    }
    sum(from.since(now), until.wait(limit, charged.as_ref().unwrap_or(state), from, held))
}

/// Spans are added, not times, which saturate: a wait may end after the latest time.
const fn sum(a: Span, b: Span) -> Span {
    Span::from_nanos(a.as_nanos().saturating_add(b.as_nanos()))
}
