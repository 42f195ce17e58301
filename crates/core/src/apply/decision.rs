//! What there is to say about a decision.

use crate::algorithms::adaptive::{Capacity, Change};
use crate::algorithms::any::{AnyRule, State};
use crate::apply::forecast;
use crate::apply::request::{Asked, Request};
use crate::policy::limit::Limit;
use crate::policy::{LIMITS_MAX, Policy};
use crate::record::Record;
use crate::time::{Span, Timestamp};

/// May it pass?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Yes.
    Allowed,
    /// Not now. Nothing was charged.
    Limited,
    /// Never: a cost is above what its limit ever has for it, or asks for a slot without a hold.
    /// Nothing was charged.
    Impossible,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: it was denied, asked for nothing, or was so already.
    None,
    /// The costs were charged.
    Charged,
    /// The costs are held.
    Held,
    /// This request was charged before, or this hold is there already. Nothing was done again.
    Repeated,
    /// The hold was settled.
    Settled,
    /// The hold was released.
    Released,
    /// The hold was renewed.
    Renewed,
    /// There is no such hold: it was settled or released before, or expired and was charged.
    NoHold,
    /// The record was changed as asked.
    Changed,
}

impl Effect {
    /// Whether it changed the record.
    #[inline]
    pub(crate) const fn writes(self) -> bool {
        !matches!(self, Self::None | Self::Repeated | Self::NoHold)
    }
}

/// What an operation came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) effect: Effect,
    /// The limits that alone would not let it pass, those that only watch among them.
    pub(crate) denied_by: LimitSet,
}

impl Outcome {
    pub(crate) fn done(effect: Effect) -> Self {
        Self { verdict: Verdict::Allowed, effect, denied_by: LimitSet::default() }
    }

    pub(crate) fn untouched(verdict: Verdict, denied_by: LimitSet) -> Self {
        Self { verdict, effect: Effect::None, denied_by }
    }
}

/// Some of a policy's limits, by their positions.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LimitSet(u16);

impl LimitSet {
    #[inline]
    pub(crate) fn insert(&mut self, index: usize) {
        self.0 |= 1_u16.wrapping_shl(index as u32);
    }

    #[inline]
    pub(crate) fn contains(self, index: usize) -> bool {
        self.0 & 1_u16.wrapping_shl(index as u32) != 0
    }
}

// One bit each.
const _: () = assert!(LIMITS_MAX <= u16::BITS as usize);

/// A decision, and the record as it stands after it.
#[derive(Debug, Clone, Copy)]
pub struct Decision<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) record: &'a Record,
    pub(crate) request: Request<'a>,
    pub(crate) now: Timestamp,
    pub(crate) outcome: Outcome,
    pub(crate) changed: bool,
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
    /// The units that are held.
    pub held: u64,
    /// How long to wait until the cost passes this limit, if nothing happens meanwhile but that holds
    /// expire: zero when it does, [`Span::NEVER`] when it never will.
    pub retry_after: Span,
    /// How long until the limit is as if never used, if nothing happens but that holds expire.
    pub reset_after: Span,
    /// How long what was let in has to stand in line first: zero but for a leaky queue.
    pub delay: Span,
}

impl<'a> Decision<'a> {
    /// What all limits together say.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.outcome.verdict
    }

    /// What was done.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        self.outcome.effect
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

    /// How long to wait until the same request passes, if nothing happens meanwhile but that holds
    /// expire: zero when it did, [`Span::NEVER`] when it never will.
    #[must_use]
    pub fn retry_after(&self) -> Span {
        if self.outcome.verdict == Verdict::Allowed {
            return Span::ZERO;
        }
        let waits = self.enforced().map(|status| status.retry_after);
        waits.max().unwrap_or(Span::ZERO).max(self.closed_for())
    }

    /// How long what was let in has to stand in line first: the longest of all limits, but for those
    /// that only watch.
    #[must_use]
    pub fn delay(&self) -> Span {
        self.enforced().map(|status| status.delay).max().unwrap_or(Span::ZERO)
    }

    /// How long the key is closed to this request whatever its limits say: it is blocked, or has as
    /// many holds as it can have. Zero when it is open, or the request passed.
    #[must_use]
    pub fn closed_for(&self) -> Span {
        match self.request {
            Request::Acquire(asked) if self.outcome.verdict != Verdict::Allowed => {
                self.record.closed_for(asked, self.now)
            }
            _ => Span::ZERO,
        }
    }

    /// Where each limit stands, in the policy's order.
    pub fn limits(&self) -> impl ExactSizeIterator<Item = LimitStatus> + use<'a> {
        let decision = *self;
        self.policy.limits().iter().enumerate().map(move |(index, limit)| {
            let nothing = State::Nothing;
            let state = decision.record.states.get(index).unwrap_or(&nothing);
            decision.status(limit, state, index)
        })
    }

    /// Where the limits stand that do not only watch.
    fn enforced(&self) -> impl Iterator<Item = LimitStatus> {
        let limits = self.policy.limits().iter().zip(self.limits());
        limits.filter(|(limit, _)| !limit.is_shadow()).map(|(_, status)| status)
    }

    /// What is in force for the adaptive limit at this position; nothing for any other.
    #[must_use]
    pub fn capacity(&self, index: usize) -> Option<Capacity> {
        match (self.policy.limits().get(index)?.rule(), self.record.states.get(index)?) {
            (AnyRule::Adaptive(adaptive), State::Adaptive(state)) => {
                Some(adaptive.capacity_at(state, self.now))
            }
            _ => None,
        }
    }

    /// The last change of capacity that somebody made to the adaptive limit at this position.
    #[must_use]
    pub fn capacity_change(&self, index: usize) -> Option<&'a Change> {
        match self.record.states.get(index)? {
            State::Adaptive(state) => state.change.as_ref(),
            _ => None,
        }
    }

    fn status(&self, limit: &Limit, state: &State, index: usize) -> LimitStatus {
        let (rule, holds, now) = (limit.rule(), &self.record.holds, self.now);
        let asked = match self.request {
            Request::Acquire(acquire) => Asked::of(acquire, index),
            Request::Settle(id, costs) => Asked::overrun(self.record, limit, id, costs.of(index)),
            Request::Other => Asked::default(),
        };
        let (held, capacity) = (self.record.held(limit), rule.capacity(state));
        let verdict = if self.outcome.denied_by.contains(index) {
            limit.judge(state, held, &asked, now)
        } else {
            Verdict::Allowed
        };
        LimitStatus {
            verdict,
            limit: capacity,
            remaining: rule.remaining(state, now).saturating_sub(held),
            held,
            retry_after: match verdict {
                Verdict::Allowed => Span::ZERO,
                Verdict::Impossible => Span::NEVER,
                Verdict::Limited => {
                    let needed = asked.needed(capacity);
                    self.in_time(forecast::retry_after(limit, state, holds, now, needed))
                }
            },
            reset_after: forecast::reset_after(limit, state, holds, now),
            delay: match self.outcome.effect {
                Effect::Charged | Effect::Held
                    if asked.units > 0 && verdict == Verdict::Allowed =>
                {
                    rule.delay(state, now, held, asked.units)
                }
                _ => Span::ZERO,
            },
        }
    }

    /// A hold that has expired can't be settled any more.
    fn in_time(&self, wait: Span) -> Span {
        let Request::Settle(id, _) = self.request else { return wait };
        let lives = self.record.holds.get(id).map_or(Span::ZERO, |it| it.expires.since(self.now));
        if wait < lives { wait } else { Span::NEVER }
    }
}
