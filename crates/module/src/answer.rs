//! Writes a decision to the fields of the exchange.

use tollgate_core::{Decision, LimitStatus};

use crate::exchange::{DecisionFields, StatusFields};

/// Verdict and effect in one number.
pub(crate) const fn code(decision: &Decision<'_>) -> i32 {
    decision.verdict().code() as i32 | (decision.effect().code() as i32) << 2
}

impl DecisionFields {
    /// Writes everything but the record.
    pub(crate) fn write(&mut self, decision: &Decision<'_>) {
        let mut fields = self.limits.iter_mut().enumerate();
        let waits = decision.waits(|status| {
            if let Some((index, fields)) = fields.next() {
                fields.write(&status);
                fields.write_capacity(decision, index);
            }
        });
        self.retry_after_ns = waits.retry_after.as_nanos();
        self.closed_for_ns = waits.closed_for.as_nanos();
        self.delay_ns = waits.delay.as_nanos();
    }
}

impl StatusFields {
    fn write(&mut self, status: &LimitStatus) {
        self.verdict = status.verdict.code().into();
        self.limit = status.limit;
        self.remaining = status.remaining;
        self.held = status.held;
        self.retry_after_ns = status.retry_after.as_nanos();
        self.reset_after_ns = status.reset_after.as_nanos();
        self.delay_ns = status.delay.as_nanos();
    }

    /// Writes zeros for a limit that is not adaptive.
    fn write_capacity(&mut self, decision: &Decision<'_>, index: usize) {
        let capacity = decision.capacity(index);
        let numbers = capacity.map(|it| (it.capacity, it.original, it.period.as_nanos()));
        (self.capacity, self.original, self.period_ns) = numbers.unwrap_or_default();
    }
}
