//! When a limit will have room again, given that holds expire in the meantime.
//!
//! A hold becomes a charge at the moment it expires, and starts to drain then. So time is walked from
//! expiry to expiry: between two of them the limit's own algorithm knows how long it takes.

use alloc::borrow::Cow;

use crate::algorithms::any::State;
use crate::policy::limit::Limit;
use crate::record::holds::Holds;
use crate::time::{Span, Timestamp};

/// The shortest wait after which `needed` units fit.
pub(crate) fn retry_after(
    limit: &Limit,
    state: &State,
    holds: &Holds,
    now: Timestamp,
    needed: u64,
) -> Span {
    walk(limit, state, holds, now, |state, from, held| {
        let units = needed.saturating_add(held);
        let impossible = units > limit.rule().capacity(state);
        if impossible { Span::NEVER } else { limit.rule().retry_after(state, from, units) }
    })
}

/// How long until the limit is as if never used.
pub(crate) fn reset_after(limit: &Limit, state: &State, holds: &Holds, now: Timestamp) -> Span {
    walk(limit, state, holds, now, |state, from, held| {
        if held > 0 { Span::NEVER } else { limit.rule().reset_after(state, from) }
    })
}

/// The first wait that ends before the next hold expires; `wait` tells it from the state, the time it
/// starts at, and the units still held then.
fn walk(
    limit: &Limit,
    state: &State,
    holds: &Holds,
    now: Timestamp,
    wait: impl Fn(&State, Timestamp, u64) -> Span,
) -> Span {
    if holds.is_empty() {
        return wait(state, now, 0);
    }
    let (mut state, mut from) = (Cow::Borrowed(state), now);
    let mut held = holds.on(limit.tag());
    for hold in holds.iter() {
        let units = hold.on(limit.tag());
        if units == 0 {
            continue;
        }
        let waited = wait(&state, from, held);
        if !waited.is_never() && from.plus(waited) < hold.expires {
            return sum(from.since(now), waited);
        }
        from = hold.expires.max(from);
        held = held.saturating_sub(units);
        limit.rule().charge(state.to_mut(), from, units);
    }
    sum(from.since(now), wait(&state, from, held))
}

/// Not by points in time, which end: a wait may go on beyond the last of them.
const fn sum(a: Span, b: Span) -> Span {
    Span::from_nanos(a.as_nanos().saturating_add(b.as_nanos()))
}
