//! The way that most requests go: every limit is a meter, and all of them have room.
//!
//! It decides what `acquire` would, and is made of the same functions; who finds that there is more to
//! look at leaves it, and nothing was done. That is less than half of the work.

use crate::algorithms::any::{AnyRule, State};
use crate::algorithms::meter::Tat;
use crate::algorithms::rule::Rule;
use crate::apply::operation::Acquire;
use crate::policy::Policy;
use crate::policy::limit::Limit;
use crate::policy::share::Share;
use crate::record::Record;
use crate::record::states::FEW;
use crate::time::Timestamp;

impl Acquire {
    /// Whether costs are to be charged, and there is no more to it.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.hold.is_none()
            && self.once.is_none()
            && self.share == Share::HIGH
            && !self.costs.is_zero()
    }
}

impl Limit {
    /// The TAT after a charge of `units`; nothing when they don't fit, the limit is no meter, or the TAT
    /// is one that has to be healed.
    #[inline]
    pub(crate) fn charged(&self, mut tat: Tat, now: Timestamp, units: u64) -> Option<Tat> {
        let AnyRule::Meter(meter) = self.rule() else { return None };
        if meter.heal(&mut tat, now) {
            return None;
        }
        meter.try_charge(tat, now, units)
    }
}

/// Charges what is asked for, if that is all there is to do. Whether it was.
#[inline]
pub(crate) fn charge(
    policy: &Policy,
    record: &mut Record,
    asked: &Acquire,
    now: Timestamp,
) -> bool {
    let is_open = record.holds.is_empty() && record.blocked_until <= now;
    if !asked.is_plain() || !is_open || policy.limits().len() > FEW {
        return false;
    }
    let mut charged = [Tat::default(); FEW];
    let limits = policy.numbered().zip(record.states.iter());
    for (((index, limit), state), slot) in limits.zip(&mut charged) {
        let State::Meter(tat) = state else { return false };
        let Some(tat) = limit.charged(*tat, now, asked.costs.of(index)) else { return false };
        *slot = tat;
    }
    for ((state, tat), _) in record.states.iter_mut().zip(charged).zip(policy.limits()) {
        if let State::Meter(before) = state {
            *before = tat;
        }
    }
    true
}
