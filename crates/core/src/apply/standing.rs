//! Where one limit stands after a decision.

use crate::algorithms::any::State;
use crate::algorithms::rule::Room;
use crate::apply::decision::Decision;
use crate::apply::forecast;
use crate::apply::outcome::{Effect, Verdict};
use crate::apply::request::{Asked, Request};
use crate::policy::limit::Limit;
use crate::time::Span;

/// Where one limit stands after a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitStatus {
    /// The verdict of this limit alone.
    pub verdict: Verdict,
    /// The most units that can be asked for at once.
    pub limit: u64,
    /// The units that could be asked for now.
    pub remaining: u64,
    /// The units that are held.
    pub held: u64,
    /// How long to wait until the cost passes this limit, if meanwhile only holds expire: zero when it
    /// does, [`Span::NEVER`] when it never will.
    pub retry_after: Span,
    /// How long until the limit is as if never used, if meanwhile only holds expire.
    pub reset_after: Span,
    /// How long an admitted request has to wait its turn: zero except for a leaky queue.
    pub delay: Span,
}

/// For a limit that the record, written under another policy, does not have.
const NOTHING: &State = &State::Nothing;

/// What a limit is asked for, and its verdict. The numbers need divisions, so they are computed on
/// demand.
pub(crate) struct Standing<'a> {
    decision: &'a Decision<'a>,
    limit: &'a Limit,
    state: &'a State,
    asked: Asked,
    held: u64,
    verdict: Verdict,
}

impl<'a> Standing<'a> {
    #[inline]
    pub(crate) fn of(decision: &'a Decision<'a>, limit: &'a Limit, index: usize) -> Self {
        let Decision { record, outcome, .. } = *decision;
        let state = record.states.get(index).unwrap_or(NOTHING);
        let asked = match decision.request {
            Request::Acquire(acquire) => Asked::of(acquire, index),
            Request::Settle(id, costs) => Asked::overrun(record, limit, id, costs.of(index)),
            Request::Other => Asked::default(),
        };
        let held = record.held(limit);
        let verdict = if outcome.denied_by.contains(index) {
            limit.denied(state, &asked)
        } else {
            Verdict::Allowed
        };
        Self { decision, limit, state, asked, held, verdict }
    }

    #[inline]
    pub(crate) fn status(&self) -> LimitStatus {
        let Decision { record, now, .. } = *self.decision;
        let Room { capacity, remaining, reset_after } = self.limit.rule().room(self.state, now);
        let reset_after = if record.holds.is_empty() {
            reset_after
        } else {
            forecast::reset_after(self.limit, self.state, &record.holds, now)
        };
        LimitStatus {
            verdict: self.verdict,
            limit: capacity,
            remaining: remaining.saturating_sub(self.held),
            held: self.held,
            retry_after: self.retry_after(),
            reset_after,
            delay: self.delay(),
        }
    }

    #[inline]
    pub(crate) fn retry_after(&self) -> Span {
        match self.verdict {
            Verdict::Allowed => Span::ZERO,
            Verdict::Impossible => Span::NEVER,
            Verdict::Limited => {
                let Decision { record, now, .. } = *self.decision;
                let needed = self.asked.needed(self.limit.rule().capacity(self.state));
                let wait =
                    forecast::retry_after(self.limit, self.state, &record.holds, now, needed);
                self.in_time(wait)
            }
        }
    }

    /// How long it takes at least: without the holds.
    pub(crate) fn retry_after_at_least(&self) -> Span {
        match self.verdict {
            Verdict::Allowed => Span::ZERO,
            Verdict::Impossible => Span::NEVER,
            Verdict::Limited => {
                let rule = self.limit.rule();
                let needed = self.asked.needed(rule.capacity(self.state));
                rule.retry_after(self.state, self.decision.now, needed)
            }
        }
    }

    #[inline]
    pub(crate) fn delay(&self) -> Span {
        let Decision { outcome, now, .. } = *self.decision;
        let is_let_in = matches!(outcome.effect, Effect::Charged | Effect::Held)
            && self.verdict == Verdict::Allowed
            && self.asked.units > 0;
        if !is_let_in {
            return Span::ZERO;
        }
        self.limit.rule().delay(self.state, now, self.held, self.asked.units)
    }

    /// An expired hold can no longer be settled.
    fn in_time(&self, wait: Span) -> Span {
        let Decision { record, request, now, .. } = *self.decision;
        let Request::Settle(id, _) = request else { return wait };
        let lives = record.holds.get(id).map_or(Span::ZERO, |it| it.expires.since(now));
        if wait < lives { wait } else { Span::NEVER }
    }
}
