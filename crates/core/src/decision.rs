//! Deciding, and what there is to say about a decision.

use crate::costs::Costs;
use crate::limit::Limit;
use crate::meter::{Refusal, Tat};
use crate::policy::{LIMITS_MAX, Policy};
use crate::record::Record;
use crate::time::{Span, Timestamp};

/// May it pass?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Yes; every limit was charged.
    Allowed,
    /// Not now. Nothing was charged.
    Limited,
    /// Never: a cost is above its limit's capacity. Nothing was charged.
    Impossible,
}

/// A decision, and the record as it stands after it.
#[derive(Debug, Clone, Copy)]
pub struct Decision<'a> {
    policy: &'a Policy,
    record: &'a Record,
    /// What was asked for and not given: nothing at all once it was charged.
    wanted: Option<&'a Costs>,
    now: Timestamp,
    verdict: Verdict,
    changed: bool,
}

/// Where one limit stands after a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitStatus {
    /// What this limit alone says.
    pub verdict: Verdict,
    /// The most units that can be asked for at once.
    pub limit: u64,
    /// The units that could be asked for now.
    pub remaining: u64,
    /// How long to wait until the cost passes this limit: zero when it does, [`Span::NEVER`] when it
    /// never will.
    pub retry_after: Span,
    /// How long until the limit is as if never used, if nothing more is charged.
    pub reset_after: Span,
}

impl Policy {
    /// Decides on a request that asks for `costs` at `now`: charges every limit, or none.
    ///
    /// A request that asks for nothing is a peek: it is allowed and changes nothing. A limit whose
    /// record is impossibly far ahead of `now` (a broken clock wrote it) is set to empty, whatever
    /// the verdict, so that it recovers.
    pub fn decide<'a>(
        &'a self,
        record: &'a mut Record,
        costs: &'a Costs,
        now: Timestamp,
    ) -> Decision<'a> {
        let mut charged = [Tat::default(); LIMITS_MAX];
        let (mut verdict, mut healed, mut asked) = (Verdict::Allowed, false, false);
        let slots = record.tats.iter_mut().zip(&mut charged);
        for ((limit, cost), (tat, charged)) in self.limits().iter().zip(costs.as_slice()).zip(slots)
        {
            let sane = limit.meter().heal(*tat, now);
            healed |= sane != *tat;
            asked |= *cost > 0;
            *tat = sane;
            match limit.meter().charge(sane, now, *cost) {
                Ok(new) => *charged = new,
                Err(refusal) => verdict = verdict.max(refusal.into()),
            }
        }
        let allowed = verdict == Verdict::Allowed;
        if allowed {
            for (tat, charged) in record.tats.iter_mut().zip(charged).take(costs.as_slice().len()) {
                *tat = charged;
            }
        }
        Decision {
            policy: self,
            record,
            wanted: (!allowed).then_some(costs),
            now,
            verdict,
            changed: healed || (allowed && asked),
        }
    }
}

impl<'a> Decision<'a> {
    /// What all limits together say.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Whether the record changed and has to be written. A denial writes nothing.
    #[must_use]
    pub const fn changed(&self) -> bool {
        self.changed
    }

    /// The record after the decision.
    #[must_use]
    pub const fn record(&self) -> &'a Record {
        self.record
    }

    /// How long to wait until the same request passes every limit, if nobody else charges them.
    #[must_use]
    pub fn retry_after(&self) -> Span {
        self.limits().map(|status| status.retry_after).max().unwrap_or(Span::ZERO)
    }

    /// Where each limit stands, in the policy's order.
    pub fn limits(&self) -> impl ExactSizeIterator<Item = LimitStatus> + use<'a> {
        let Self { policy, record, wanted, now, .. } = *self;
        policy.limits().iter().enumerate().map(move |(index, limit)| {
            let cost = wanted.and_then(|costs| costs.as_slice().get(index)).copied();
            limit.status(record, index, cost.unwrap_or(0), now)
        })
    }
}

impl Limit {
    fn status(&self, record: &Record, index: usize, cost: u64, now: Timestamp) -> LimitStatus {
        let (meter, tat) = (self.meter(), record.tats.get(index).copied().unwrap_or_default());
        let verdict = meter.charge(tat, now, cost).map_or_else(Verdict::from, |_| Verdict::Allowed);
        LimitStatus {
            verdict,
            limit: meter.burst(),
            remaining: meter.remaining(tat, now),
            retry_after: meter.retry_after(tat, now, cost),
            reset_after: meter.reset_after(tat, now),
        }
    }
}

impl From<Refusal> for Verdict {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Limited => Self::Limited,
            Refusal::Impossible => Self::Impossible,
        }
    }
}
