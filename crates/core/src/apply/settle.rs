//! The end of a hold: it is settled, released, or lives on.
//!
//! A refund by subtraction would mint credit: what was charged long ago has come back meanwhile, and
//! would come back a second time. A hold takes its room away for as long as it lives, so whatever
//! happens to it, `charged + held` never exceeds what the limit allows.

use crate::apply::decision::{Effect, Outcome};
use crate::apply::operation::Hold;
use crate::id::Id;
use crate::policy::Policy;
use crate::policy::costs::Costs;
use crate::policy::limit::Overrun;
use crate::record::{Record, holds};
use crate::time::Timestamp;

/// Charges what a hold came to. The record has been brought up to `now`.
pub(crate) fn settle(
    policy: &Policy,
    record: &mut Record,
    id: Id,
    costs: Option<&Costs>,
    now: Timestamp,
) -> Outcome {
    let Some(hold) = record.holds.get(id) else { return Outcome::done(Effect::NoHold) };
    if let Some(costs) = costs
        && !overruns_fit(policy, record, hold, costs, now)
    {
        return Outcome::refused();
    }
    let Some(hold) = record.holds.remove(id) else { return Outcome::done(Effect::NoHold) };
    let limits = policy.numbered().zip(&mut record.states);
    for ((index, limit), state) in limits {
        let units = costs.map_or_else(|| hold.on(limit.tag()), |costs| costs.of(index));
        limit.rule().charge(state, now, units);
    }
    Outcome::done(Effect::Settled)
}

/// Whether every limit that refuses to be overrun has room for what was not held.
fn overruns_fit(
    policy: &Policy,
    record: &Record,
    hold: &holds::Hold,
    costs: &Costs,
    now: Timestamp,
) -> bool {
    policy.numbered().zip(&record.states).all(|((index, limit), state)| {
        let (actual, own) = (costs.of(index), hold.on(limit.tag()));
        let others = record.held(limit).saturating_sub(own);
        actual <= own
            || limit.is_shadow()
            || limit.overrun() == Overrun::Debt
            || limit.rule().fits(state, now, actual.saturating_add(others))
    })
}

/// Ends a hold without a charge.
pub(crate) fn release(record: &mut Record, id: Id) -> Effect {
    record.holds.remove(id).map_or(Effect::NoHold, |_| Effect::Released)
}

/// Gives a hold a new life; nobody else's is touched.
pub(crate) fn renew(record: &mut Record, renewed: Hold, now: Timestamp) -> Effect {
    let Some(mut hold) = record.holds.remove(renewed.id()) else { return Effect::NoHold };
    hold.expires = now.plus(renewed.ttl());
    record.holds.insert(hold);
    Effect::Renewed
}
