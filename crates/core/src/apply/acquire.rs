//! Asking for costs: every limit is charged, or none.

use crate::algorithms::any::State;
use crate::apply::operation::Acquire;
use crate::apply::outcome::{Effect, Outcome, Verdict};
use crate::apply::request::Asked;
use crate::policy::Policy;
use crate::policy::limit::Limit;
use crate::record::Record;
use crate::record::held::HeldUnits;
use crate::record::holds::Hold;
use crate::time::{Span, Timestamp};

/// Decides, and charges or holds what was allowed. The record has been brought up to `now`.
#[inline]
pub(crate) fn acquire(
    policy: &Policy,
    record: &mut Record,
    asked: &Acquire,
    now: Timestamp,
) -> Outcome {
    if let Some(effect) = done_before(record, asked) {
        return Outcome::done(effect);
    }
    let mut outcome = judge(policy, record, asked, now);
    if outcome.verdict != Verdict::Allowed || asked.is_peek() {
        return outcome;
    }
    let limits = policy.numbered();
    // A limit that only watches counts only what it would have admitted.
    let taken = |index| if outcome.denied_by.contains(index) { 0 } else { asked.costs.of(index) };
    outcome.effect = match asked.hold {
        Some(hold) => {
            let mut units = HeldUnits::default();
            for (index, limit) in limits {
                if taken(index) > 0 {
                    units.add(limit.tag(), taken(index));
                }
            }
            record.holds.insert(Hold { id: hold.id(), expires: now.plus(hold.ttl()), units });
            Effect::Held
        }
        None => {
            for ((index, limit), state) in limits.zip(record.states.iter_mut()) {
                limit.rule().charge(state, now, taken(index));
            }
            Effect::Charged
        }
    };
    if let Some(id) = asked.once {
        record.once.remember(id);
    }
    outcome
}

/// What a request comes to that was let in before. The key remembers an id for longer than what is held
/// under it, and a hold that is over is not the caller's any more.
fn done_before(record: &Record, asked: &Acquire) -> Option<Effect> {
    let is_held = asked.hold.is_some_and(|hold| record.holds.get(hold.id()).is_some());
    let is_known = asked.once.is_some_and(|id| record.once.contains(id));
    match (is_held, is_known) {
        (true, _) => Some(Effect::Repeated),
        (false, true) if asked.hold.is_some() => Some(Effect::NoHold),
        (false, true) => Some(Effect::Repeated),
        (false, false) => None,
    }
}

/// The verdict of all limits together, and which of them alone would not let it pass. Changes nothing.
#[inline]
fn judge(policy: &Policy, record: &Record, asked: &Acquire, now: Timestamp) -> Outcome {
    let mut outcome = Outcome::done(Effect::None);
    for ((index, limit), state) in policy.numbered().zip(record.states.iter()) {
        let alone = limit.judge(state, record.held(limit), &Asked::of(asked, index), now);
        if alone != Verdict::Allowed {
            outcome.deny(index, limit, alone);
        }
    }
    if outcome.verdict == Verdict::Allowed && record.closed_for(asked, now) > Span::ZERO {
        outcome.verdict = Verdict::Limited;
    }
    outcome
}

impl Limit {
    /// The verdict of this limit alone.
    pub(crate) fn judge(&self, state: &State, held: u64, asked: &Asked, now: Timestamp) -> Verdict {
        if asked.units == 0 {
            return Verdict::Allowed;
        }
        let denied = self.denied(state, asked);
        let needed = asked.needed(self.rule().capacity(state)).saturating_add(held);
        if denied == Verdict::Limited && self.rule().fits(state, now, needed) {
            Verdict::Allowed
        } else {
            denied
        }
    }

    /// The verdict of this limit on a request that it denies: not now, or never.
    #[inline]
    pub(crate) fn denied(&self, state: &State, asked: &Asked) -> Verdict {
        let capacity = self.rule().capacity(state);
        if asked.needed(capacity) > capacity || (self.needs_hold() && !asked.held) {
            Verdict::Impossible
        } else {
            Verdict::Limited
        }
    }
}
