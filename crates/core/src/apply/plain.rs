//! The fast path of most requests: every limit is a meter, and only its state matters.
//!
//! It decides as `acquire` would, with the same functions; when more is involved it gives up without
//! having changed anything. That is less than half of the work.

use crate::algorithms::any::{AnyRule, State};
use crate::algorithms::meter::{Meter, Tat};
use crate::algorithms::rule::Rule;
use crate::apply::operation::Acquire;
use crate::apply::outcome::{Effect, Outcome, Verdict};
use crate::policy::Policy;
use crate::policy::limit::Limit;
use crate::policy::share::Share;
use crate::record::Record;
use crate::record::states::FEW;
use crate::time::Timestamp;

impl Acquire {
    /// Whether this only charges costs.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.hold.is_none()
            && self.once.is_none()
            && self.share == Share::HIGH
            && !self.costs.is_zero()
    }
}

impl Meter {
    /// The TAT after a charge of `units`, or why they are denied.
    #[inline]
    pub(crate) fn decide(&self, tat: Tat, now: Timestamp, units: u64) -> Result<Tat, Verdict> {
        self.try_charge(tat, now, units).ok_or_else(|| {
            if units > self.capacity(&tat) { Verdict::Impossible } else { Verdict::Limited }
        })
    }
}

impl Limit {
    /// The limit's own decision on `units`: see [`Meter::decide`]. `None` when it is not a meter, or the
    /// TAT has to be healed.
    #[inline]
    fn decide(&self, mut tat: Tat, now: Timestamp, units: u64) -> Option<Result<Tat, Verdict>> {
        let (AnyRule::Meter(meter) | AnyRule::Queue(meter)) = self.rule() else { return None };
        if meter.heal(&mut tat, now) {
            return None;
        }
        Some(meter.decide(tat, now, units))
    }
}

/// Decides on the request, and charges it if it passes, when that is all there is to do.
#[inline]
pub(crate) fn decide(
    policy: &Policy,
    record: &mut Record,
    asked: &Acquire,
    now: Timestamp,
) -> Option<Outcome> {
    let is_open = record.holds.is_empty() && record.blocked_until <= now;
    if !asked.is_plain() || !is_open || policy.limits().len() > FEW {
        return None;
    }
    let mut charged = [Tat::default(); FEW];
    let limits = policy.numbered().zip(record.states.iter());
    for (((index, limit), state), slot) in limits.zip(&mut charged) {
        let State::Meter(tat) = state else { return None };
        match limit.decide(*tat, now, asked.costs.of(index))? {
            Ok(charged) => *slot = charged,
            Err(_) => return denied(policy, record, asked, now),
        }
    }
    for ((state, tat), _) in record.states.iter_mut().zip(charged).zip(policy.limits()) {
        if let State::Meter(before) = state {
            *before = tat;
        }
    }
    Some(Outcome::done(Effect::Charged))
}

/// Decides on what some limit does not let in, unless it is one that only watches.
#[cold]
fn denied(policy: &Policy, record: &Record, asked: &Acquire, now: Timestamp) -> Option<Outcome> {
    let mut outcome = Outcome::done(Effect::None);
    for ((index, limit), state) in policy.numbered().zip(record.states.iter()) {
        let State::Meter(tat) = state else { return None };
        if let Err(verdict) = limit.decide(*tat, now, asked.costs.of(index))? {
            outcome.deny(index, limit, verdict);
        }
    }
    (outcome.verdict != Verdict::Allowed).then_some(outcome)
}
