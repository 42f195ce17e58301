//! Asking for costs: every limit is charged, or none.

use crate::algorithms::any::State;
use crate::apply::operation::Acquire;
use crate::apply::outcome::{Effect, LimitSet, Outcome, Verdict};
use crate::apply::request::Asked;
use crate::policy::Policy;
use crate::policy::limit::Limit;
use crate::record::Record;
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
    if is_repeated(record, asked) {
        return Outcome::done(Effect::Repeated);
    }
    let (verdict, denied_by) = judge(policy, record, asked, now);
    if verdict != Verdict::Allowed || asked.costs.is_zero() {
        return Outcome::untouched(verdict, denied_by);
    }
    let limits = policy.numbered();
    // A limit that only watches counts what it would have let in, and nothing else.
    let taken = |index| if denied_by.contains(index) { 0 } else { asked.costs.of(index) };
    let effect = match asked.hold {
        Some(hold) => {
            let costs = limits.map(|(index, limit)| (limit.tag(), taken(index)));
            let costs = costs.filter(|(_, units)| *units > 0).collect();
            record.holds.insert(Hold { id: hold.id(), expires: now.plus(hold.ttl()), costs });
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
    Outcome { verdict, effect, denied_by }
}

fn is_repeated(record: &Record, asked: &Acquire) -> bool {
    asked.once.is_some_and(|id| record.once.contains(id))
        || asked.hold.is_some_and(|hold| record.holds.get(hold.id()).is_some())
}

/// What all limits say together, and which of them alone would not let it pass.
#[inline]
fn judge(policy: &Policy, record: &Record, asked: &Acquire, now: Timestamp) -> (Verdict, LimitSet) {
    let (mut verdict, mut denied_by) = (Verdict::Allowed, LimitSet::default());
    for ((index, limit), state) in policy.numbered().zip(record.states.iter()) {
        let alone = limit.judge(state, record.held(limit), &Asked::of(asked, index), now);
        if alone != Verdict::Allowed {
            denied_by.insert(index);
            if !limit.is_shadow() {
                verdict = verdict.max(alone);
            }
        }
    }
    if verdict == Verdict::Allowed && record.closed_for(asked, now) > Span::ZERO {
        verdict = Verdict::Limited;
    }
    (verdict, denied_by)
}

impl Limit {
    /// What this limit alone says.
    pub(crate) fn judge(&self, state: &State, held: u64, asked: &Asked, now: Timestamp) -> Verdict {
        if asked.units == 0 {
            return Verdict::Allowed;
        }
        let capacity = self.rule().capacity(state);
        let needed = asked.needed(capacity);
        if needed > capacity || (self.needs_hold() && !asked.held) {
            return Verdict::Impossible;
        }
        if self.rule().fits(state, now, needed.saturating_add(held)) {
            Verdict::Allowed
        } else {
            Verdict::Limited
        }
    }
}
