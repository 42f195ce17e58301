//! Settling, releasing and renewing a hold.
//!
//! A refund by subtraction would mint credit: what was charged long ago has come back meanwhile, and
//! would come back a second time. A hold occupies its room for as long as it lives, so whatever
//! happens to it, `charged + held` never exceeds what the limit allows.

use crate::apply::operation::Hold;
use crate::apply::outcome::{Effect, Outcome, Verdict};
use crate::apply::request::Asked;
use crate::id::Id;
use crate::policy::Policy;
use crate::policy::costs::Costs;
use crate::policy::limit::Overrun;
use crate::record::Record;
use crate::time::Timestamp;

/// Charges a hold's final costs. The record has been brought up to `now`.
pub(crate) fn settle(
    policy: &Policy,
    record: &mut Record,
    id: Id,
    costs: Option<&Costs>,
    now: Timestamp,
) -> Outcome {
    if record.holds.get(id).is_none() {
        return Outcome::done(Effect::NoHold);
    }
    if let Some(costs) = costs {
        let outcome = judge_overrun(policy, record, id, costs, now);
        if outcome.verdict != Verdict::Allowed {
            return outcome;
        }
    }
    let Some(hold) = record.holds.remove(id) else { return Outcome::done(Effect::NoHold) };
    let limits = policy.numbered().zip(record.states.iter_mut());
    for ((index, limit), state) in limits {
        let units = costs.map_or_else(|| hold.on(limit.tag()), |costs| costs.of(index));
        limit.rule().charge(state, now, units);
    }
    Outcome::done(Effect::Settled)
}

/// The verdict of the limits that refuse an overrun on the excess, as if it were asked for now.
fn judge_overrun(
    policy: &Policy,
    record: &Record,
    id: Id,
    costs: &Costs,
    now: Timestamp,
) -> Outcome {
    let mut outcome = Outcome::done(Effect::None);
    for ((index, limit), state) in policy.numbered().zip(record.states.iter()) {
        if limit.is_shadow() || limit.overrun() == Overrun::Debt {
            continue;
        }
        let asked = Asked::overrun(record, limit, id, costs.of(index));
        let alone = limit.judge(state, record.held(limit), &asked, now);
        if alone != Verdict::Allowed {
            outcome.deny(index, limit, alone);
        }
    }
    outcome
}

/// Ends a hold without a charge.
pub(crate) fn release(record: &mut Record, id: Id) -> Effect {
    record.holds.remove(id).map_or(Effect::NoHold, |_| Effect::Released)
}

/// Gives a hold a new expiry, and touches no other.
pub(crate) fn renew(record: &mut Record, renewed: Hold, now: Timestamp) -> Effect {
    let Some(mut hold) = record.holds.remove(renewed.id()) else { return Effect::NoHold };
    hold.expires = now.plus(renewed.ttl());
    record.holds.insert(hold);
    Effect::Renewed
}
