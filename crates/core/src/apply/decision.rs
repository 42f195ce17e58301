//! A decision and its numbers.

use crate::algorithms::adaptive::{Capacity, Change};
use crate::algorithms::any::{AnyRule, State};
use crate::apply::outcome::{Effect, Outcome, Verdict};
use crate::apply::request::Request;
use crate::apply::standing::{LimitStatus, Standing};
use crate::policy::Policy;
use crate::record::Record;
use crate::time::{Span, Timestamp};

/// How long all limits together make a request wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// See [`Decision::retry_after`].
    pub retry_after: Span,
    /// See [`Decision::closed_for`].
    pub closed_for: Span,
    /// See [`Decision::delay`].
    pub delay: Span,
}

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

impl<'a> Decision<'a> {
    /// The verdict of all limits together.
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

    /// How long to wait until the same request passes, if meanwhile only holds expire: zero when it
    /// did, [`Span::NEVER`] when it never will.
    #[must_use]
    pub fn retry_after(&self) -> Span {
        if self.outcome.verdict == Verdict::Allowed {
            return Span::ZERO;
        }
        let waits = self.enforced().map(|standing| standing.retry_after());
        waits.max().unwrap_or(Span::ZERO).max(self.closed_for())
    }

    /// How long to wait at least until the same acquire passes: so long, if everything that is held is
    /// released now. [`retry_after`](Self::retry_after) where nothing is held, and never more.
    #[must_use]
    pub fn retry_after_at_least(&self) -> Span {
        if self.outcome.verdict == Verdict::Allowed || matches!(self.request, Request::Other) {
            return Span::ZERO;
        }
        let waits = self.enforced().map(|standing| standing.retry_after_at_least());
        waits.max().unwrap_or(Span::ZERO).max(self.record.blocked_until.since(self.now))
    }

    /// How long an admitted request has to wait its turn: the longest of all limits, except those that
    /// only watch.
    #[must_use]
    pub fn delay(&self) -> Span {
        self.enforced().map(|standing| standing.delay()).max().unwrap_or(Span::ZERO)
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

    /// Calls `each` with where each limit stands, in the policy's order, and returns all waits in one
    /// pass. Asking for them one by one walks all limits each time.
    pub fn waits(&self, mut each: impl FnMut(LimitStatus)) -> Waits {
        let closed_for = self.closed_for();
        let mut waits = Waits { retry_after: closed_for, closed_for, delay: Span::ZERO };
        for (limit, status) in self.policy.limits().iter().zip(self.limits()) {
            if !limit.is_shadow() {
                waits.retry_after = waits.retry_after.max(status.retry_after);
                waits.delay = waits.delay.max(status.delay);
            }
            each(status);
        }
        waits
    }

    /// Where each limit stands, in the policy's order.
    pub fn limits(&self) -> impl ExactSizeIterator<Item = LimitStatus> + use<'a> {
        let decision = *self;
        let limits = self.policy.limits().iter().enumerate();
        limits.map(move |(index, limit)| Standing::of(&decision, limit, index).status())
    }

    /// The limits that do not only watch.
    fn enforced(&self) -> impl Iterator<Item = Standing<'_>> {
        let limits = self.policy.numbered().filter(|(_, limit)| !limit.is_shadow());
        limits.map(|(index, limit)| Standing::of(self, limit, index))
    }

    /// What is in force for the adaptive limit at this position; `None` for any other.
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
}
