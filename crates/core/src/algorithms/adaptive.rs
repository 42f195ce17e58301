//! A capacity that is set, reduced and recovers while it is in use.
//!
//! The level is kept in units of 1 / `period`: in `dt` nanoseconds a capacity of `c` units per period
//! brings `c * dt` of them, so nothing is rounded, however often it is looked at and however the
//! capacity changes in between.

mod bytes;
mod change;
mod course;

use self::course::{Course, Leg, full, rescaled};
use crate::algorithms::meter::SKEW_MAX;
use crate::algorithms::recovery::{Recovery, Reduction, Stretches, permille};
use crate::algorithms::rule::Rule;
use crate::algorithms::wait::until;
use crate::time::{Span, Timestamp};

pub(crate) use self::bytes::ADAPTIVE_BYTES_MAX;
pub use self::change::{Change, Note, REASON_BYTES_MAX, SOURCE_BYTES_MAX};

/// The policy's numbers, in force until a key is given others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Adaptive {
    capacity: u64,
    period: Span,
    recovery: Recovery,
}

/// The state of a key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct AdaptiveState {
    /// The time at which `level` was right; 0 for a key that was never seen.
    pub(crate) at: Timestamp,
    /// Units that can be taken, times the period in nanoseconds. Negative: debt.
    pub(crate) level: i128,
    /// Capacity and period that were set for this key.
    pub(crate) set: Option<(u64, Span)>,
    /// The reduction in force.
    pub(crate) reduction: Option<Reduction>,
    /// The last explicit change.
    pub(crate) change: Option<Change>,
}

/// The capacity in force for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Units per window now.
    pub capacity: u64,
    /// Units per window without the reduction.
    pub original: u64,
    /// The window.
    pub period: Span,
}

impl Adaptive {
    pub(crate) const fn new(capacity: u64, period: Span, recovery: Recovery) -> Self {
        Self { capacity, period, recovery }
    }

    pub(crate) const fn period(&self) -> Span {
        self.period
    }

    /// What is in force at `now`.
    pub(crate) fn capacity_at(&self, state: &AdaptiveState, now: Timestamp) -> Capacity {
        let (original, period) = self.numbers(state);
        let capacity = self
            .stretches(state)
            .find(|stretch| stretch.lasts(now.as_nanos()))
            .map_or(original, |stretch| stretch.capacity);
        Capacity { capacity, original, period }
    }

    /// Sets capacity and period of this key; what is available is clipped and never topped up. A
    /// reduction ends, since the new capacity is known.
    pub(crate) fn set(&self, state: &mut AdaptiveState, now: Timestamp, set: Option<(u64, Span)>) {
        self.bring_up(state, now);
        let (_, before) = self.numbers(state);
        (state.set, state.reduction) = (set, None);
        let (capacity, after) = self.numbers(state);
        let most = full(capacity, after);
        // Not `clamp`, which has a panic path for bounds that are no range; `most` is never negative.
        state.level = rescaled(state.level, before, after).min(most).max(most.saturating_neg());
    }

    /// Reduces the capacity to `factor_permille` thousandths of what it is now, at least 1 unit. Returns the
    /// new capacity, or `None` if it would not be lower.
    pub(crate) fn reduce(
        &self,
        state: &mut AdaptiveState,
        now: Timestamp,
        factor_permille: u64,
    ) -> Option<u64> {
        let now = now.max(state.at);
        let Capacity { capacity, period, .. } = self.capacity_at(state, now);
        let to = permille(capacity, factor_permille).max(1);
        if to >= capacity {
            return None;
        }
        self.bring_up(state, now);
        state.reduction = Some(Reduction { to, since: state.at });
        state.level = state.level.min(full(to, period));
        Some(to)
    }

    /// Follows a reduction announced elsewhere, as far as it has not recovered since, if that is below the
    /// capacity in force. Returns whether it was; the capacity never rises.
    pub(crate) fn follow(
        &self,
        state: &mut AdaptiveState,
        now: Timestamp,
        announced: Reduction,
    ) -> bool {
        let now = now.max(state.at);
        let (original, period) = self.numbers(state);
        let stretch = |reduction| {
            let mut stretches = self.recovery.stretches(original, reduction);
            stretches.find(|stretch| stretch.lasts(now.as_nanos()))
        };
        let (Some(ours), Some(theirs)) = (stretch(state.reduction), stretch(Some(announced)))
        else {
            return false;
        };
        if announced.since > now.plus(SKEW_MAX) || !theirs.is_below(&ours) {
            return false;
        }
        self.bring_up(state, now);
        state.reduction = Some(announced);
        state.level = state.level.min(full(theirs.capacity, period));
        true
    }

    /// Whether a key in this state will never be like one that was never seen: its capacity was set,
    /// or recovers to more than it was.
    pub(crate) fn is_lasting(&self, state: &AdaptiveState) -> bool {
        state.set.is_some() || self.capacity(state) > self.numbers(state).0
    }

    fn numbers(&self, state: &AdaptiveState) -> (u64, Span) {
        state.set.unwrap_or((self.capacity, self.period))
    }

    /// What the capacity is and will be, from the reduction on.
    fn stretches(&self, state: &AdaptiveState) -> Stretches {
        self.recovery.stretches(self.numbers(state).0, state.reduction)
    }

    /// The course of the level from the state's own time.
    fn course(&self, state: &AdaptiveState) -> Course {
        let (stretches, (_, period)) = (self.stretches(state), self.numbers(state));
        Course { stretches, period, level: state.level, at: state.at.as_nanos() }
    }

    /// The level at `now`, or at the state's own time if that is later.
    fn level_at(&self, state: &AdaptiveState, now: Timestamp) -> i128 {
        let period = self.numbers(state).1;
        if state.at == Timestamp::EPOCH {
            return full(self.capacity_at(state, now).capacity, period);
        }
        let now = now.max(state.at).as_nanos();
        let leg = self.course(state).find(|leg| leg.stretch.lasts(now));
        leg.map_or(0, |leg| leg.level_at(now, period))
    }

    fn bring_up(&self, state: &mut AdaptiveState, now: Timestamp) {
        state.level = self.level_at(state, now);
        state.at = now.max(state.at).max(Timestamp::from_nanos(1));
    }

    /// Forgives debt beyond one capacity, left behind by a larger capacity. Returns whether there was any.
    fn forgive(&self, state: &mut AdaptiveState) -> bool {
        let (capacity, period) = self.numbers(state);
        let deepest = full(capacity, period).saturating_neg();
        let is_deeper = state.level < deepest;
        state.level = state.level.max(deepest);
        is_deeper
    }

    /// How long after `now` the level is `wanted`.
    fn wait_for(&self, state: &AdaptiveState, now: Timestamp, wanted: i128) -> Span {
        if self.level_at(state, now) >= wanted {
            return Span::ZERO;
        }
        let period = self.numbers(state).1;
        for Leg { stretch, level, at } in self.course(state) {
            let missing = u128::try_from(wanted.saturating_sub(level)).unwrap_or(0);
            let wait = missing.div_ceil(u128::from(stretch.capacity.max(1)));
            let when = u64::try_from(wait).ok().and_then(|wait| at.checked_add(wait));
            let reached = when.filter(|_| wanted <= full(stretch.capacity, period));
            match (reached, stretch.end) {
                (Some(when), Some(end)) if when >= end => {}
                (Some(when), _) => return until(now, when),
                (None, _) => {}
            }
        }
        Span::NEVER
    }
}

impl Rule for Adaptive {
    type State = AdaptiveState;

    /// Where the recovery ends: what does not fit into the reduced capacity waits for it.
    fn capacity(&self, state: &AdaptiveState) -> u64 {
        let (original, _) = self.numbers(state);
        state.reduction.map_or(original, |_| self.recovery.ceiling(original))
    }

    fn fits(&self, state: &AdaptiveState, now: Timestamp, units: u64) -> bool {
        units == 0 || self.level_at(state, now) >= full(units, self.numbers(state).1)
    }

    fn charge(&self, state: &mut AdaptiveState, now: Timestamp, units: u64) {
        if units == 0 {
            return;
        }
        self.bring_up(state, now);
        let (capacity, period) = self.numbers(state);
        let deepest = full(capacity, period).saturating_neg().min(state.level);
        state.level = state.level.saturating_sub(full(units, period)).max(deepest);
    }

    fn remaining(&self, state: &AdaptiveState, now: Timestamp) -> u64 {
        let level = u128::try_from(self.level_at(state, now)).unwrap_or(0);
        let units = level.checked_div(self.numbers(state).1.as_nanos().into()).unwrap_or(0);
        u64::try_from(units).unwrap_or(u64::MAX)
    }

    fn retry_after(&self, state: &AdaptiveState, now: Timestamp, units: u64) -> Span {
        if units == 0 {
            return Span::ZERO;
        }
        self.wait_for(state, now, full(units, self.numbers(state).1))
    }

    /// Until it is full at the capacity where the recovery ends.
    fn reset_after(&self, state: &AdaptiveState, now: Timestamp) -> Span {
        self.wait_for(state, now, full(self.capacity(state), self.numbers(state).1))
    }

    fn heal(&self, state: &mut AdaptiveState, now: Timestamp) -> bool {
        let forgiven = self.forgive(state);
        let believed = now.plus(SKEW_MAX);
        let ahead = |time: Timestamp| time > believed;
        if !ahead(state.at) && !state.reduction.is_some_and(|it| ahead(it.since)) {
            return forgiven;
        }
        (state.at, state.level) = (now.max(Timestamp::from_nanos(1)), state.level.min(0));
        if let Some(reduction) = &mut state.reduction {
            reduction.since = reduction.since.min(now);
        }
        true
    }
}

#[cfg(test)]
mod tests;
