//! The answer to a request.

use tollgate_core::{Decision, Plain, Span, Verdict};

/// A decision, reduced to what a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// May it pass?
    pub verdict: Verdict,
    /// How long to wait until the same request passes, if no others come first: zero if it did,
    /// [`Span::NEVER`] if it never will.
    pub retry_after: Span,
    /// How long an admitted request has to wait its turn: zero except for a leaky queue.
    pub delay: Span,
}

impl Admission {
    #[inline]
    pub(crate) fn of_plain(plain: &Plain<'_>) -> Self {
        Self { verdict: plain.verdict(), retry_after: plain.retry_after(), delay: Span::ZERO }
    }

    pub(crate) fn of(decision: Decision<'_>) -> Self {
        Self {
            verdict: decision.verdict(),
            retry_after: decision.retry_after(),
            delay: decision.delay(),
        }
    }
}
