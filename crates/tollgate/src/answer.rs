//! What a caller is told.

use tollgate_core::{Algorithm, Decision, Effect, Plain, Policy, Span, Verdict};

/// A decision, without the record that it was made on: what a caller acts on.
/// [`Limiter::apply`](crate::Limiter::apply) gives access to the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// May it pass?
    pub verdict: Verdict,
    /// What was done.
    pub effect: Effect,
    /// How long to wait until the same request passes, if nobody else comes: zero when it did,
    /// [`Span::NEVER`] when it never will.
    pub retry_after: Span,
    /// How long an admitted request has to wait its turn: zero except for a leaky queue.
    pub delay: Span,
    /// The position in the policy of the limit that denies it, of several the one with the longest wait;
    /// `None` when it passed, or only a block denies it.
    pub denied_by: Option<usize>,
    /// How long to wait at least: what is held may be released before it expires.
    pub(crate) retry_after_at_least: Span,
}

impl Answer {
    /// The answer to a request that passed and was charged, by anything but a queue.
    pub(crate) const CHARGED: Self = Self {
        verdict: Verdict::Allowed,
        effect: Effect::Charged,
        retry_after: Span::ZERO,
        delay: Span::ZERO,
        denied_by: None,
        retry_after_at_least: Span::ZERO,
    };

    /// The answer to a request that never passes.
    pub(crate) const IMPOSSIBLE: Self = Self {
        verdict: Verdict::Impossible,
        effect: Effect::None,
        retry_after: Span::NEVER,
        retry_after_at_least: Span::NEVER,
        ..Self::CHARGED
    };

    /// Whether it may pass.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.verdict == Verdict::Allowed
    }

    #[inline]
    pub(crate) fn of(policy: &Policy, decision: &Decision<'_>) -> Self {
        let allowed =
            Self { verdict: decision.verdict(), effect: decision.effect(), ..Self::CHARGED };
        match decision.verdict() {
            Verdict::Allowed if !has_queue(policy) => allowed,
            Verdict::Allowed => Self { delay: decision.delay(), ..allowed },
            Verdict::Limited | Verdict::Impossible => Self::denied(policy, decision, allowed),
        }
    }

    #[inline]
    pub(crate) fn of_plain(plain: &Plain<'_>) -> Self {
        match plain.verdict() {
            Verdict::Allowed => Self::CHARGED,
            verdict @ (Verdict::Limited | Verdict::Impossible) => {
                let retry_after = plain.retry_after();
                Self {
                    verdict,
                    effect: Effect::None,
                    retry_after,
                    retry_after_at_least: retry_after,
                    denied_by: Some(0),
                    ..Self::CHARGED
                }
            }
        }
    }

    /// Walks the limits once for all fields; [`Decision::retry_after`] alone would walk all of them again.
    fn denied(policy: &Policy, decision: &Decision<'_>, allowed: Self) -> Self {
        let closed_for = decision.closed_for();
        let (mut denied_by, mut longest) = (None, Span::ZERO);
        let mut may_pass_sooner = closed_for > Span::ZERO;
        let statuses = policy.limits().iter().zip(decision.limits()).enumerate();
        for (index, (limit, status)) in statuses {
            if limit.is_shadow() || status.verdict == Verdict::Allowed {
                continue;
            }
            may_pass_sooner |= status.held > 0;
            if denied_by.is_none() || status.retry_after > longest {
                (denied_by, longest) = (Some(index), status.retry_after);
            }
        }
        let retry_after = closed_for.max(longest);
        let retry_after_at_least =
            if may_pass_sooner { decision.retry_after_at_least() } else { retry_after };
        Self { retry_after, retry_after_at_least, denied_by, ..allowed }
    }
}

/// Whether admitted requests may have to wait their turn.
fn has_queue(policy: &Policy) -> bool {
    policy.limits().iter().any(|limit| matches!(limit.algorithm(), Algorithm::LeakyQueue { .. }))
}
