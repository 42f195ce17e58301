//! What a decision says, as fields of the exchange.

use tollgate_core::{Decision, Effect, LimitStatus, Span, Verdict};

use crate::exchange::{DecisionFields, StatusFields};

/// Verdict and effect in one number.
pub(crate) const fn code(decision: &Decision<'_>) -> i32 {
    verdict_code(decision.verdict()) as i32 | effect_code(decision.effect()) << 2
}

pub(crate) const fn verdict_code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Allowed => 0,
        Verdict::Limited => 1,
        Verdict::Impossible => 2,
    }
}

const fn effect_code(effect: Effect) -> i32 {
    match effect {
        Effect::None => 0,
        Effect::Charged => 1,
        Effect::Held => 2,
        Effect::Repeated => 3,
        Effect::Settled => 4,
        Effect::Released => 5,
        Effect::Renewed => 6,
        Effect::NoHold => 7,
        Effect::Changed => 8,
    }
}

impl DecisionFields {
    /// All but the record.
    pub(crate) fn write(&mut self, decision: &Decision<'_>) {
        let mut longest_delay = Span::ZERO;
        let statuses = self.limits.iter_mut().zip(decision.limits()).enumerate();
        for (index, (fields, status)) in statuses {
            longest_delay = longest_delay.max(status.delay);
            fields.write(&status);
            fields.write_capacity(decision, index);
        }
        // What is allowed is neither late nor closed, and that would be looked at limit by limit again.
        let denied = decision.verdict() != Verdict::Allowed;
        let (retry_after, closed_for) = if denied {
            (decision.retry_after(), decision.closed_for())
        } else {
            (Span::ZERO, Span::ZERO)
        };
        self.retry_after_ns = retry_after.as_nanos();
        self.closed_for_ns = closed_for.as_nanos();
        let delay = if longest_delay > Span::ZERO { decision.delay() } else { Span::ZERO };
        self.delay_ns = delay.as_nanos();
    }
}

impl StatusFields {
    fn write(&mut self, status: &LimitStatus) {
        self.verdict = verdict_code(status.verdict).into();
        self.limit = status.limit;
        self.remaining = status.remaining;
        self.held = status.held;
        self.retry_after_ns = status.retry_after.as_nanos();
        self.reset_after_ns = status.reset_after.as_nanos();
        self.delay_ns = status.delay.as_nanos();
    }

    /// Zeros for a limit that is not adaptive.
    fn write_capacity(&mut self, decision: &Decision<'_>, index: usize) {
        let capacity = decision.capacity(index);
        let numbers = capacity.map(|it| (it.capacity, it.original, it.period.as_nanos()));
        (self.capacity, self.original, self.period_ns) = numbers.unwrap_or_default();
    }
}
