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
    /// Whether a denied request may pass sooner, since a hold may be released.
    pub(crate) is_held_up: bool,
}

impl Answer {
    /// The answer to a request that passed and was charged, by anything but a queue.
    pub(crate) const CHARGED: Self = Self {
        verdict: Verdict::Allowed,
        effect: Effect::Charged,
        retry_after: Span::ZERO,
        delay: Span::ZERO,
        denied_by: None,
        is_held_up: false,
    };

    /// The answer to a request that never passes.
    pub(crate) const IMPOSSIBLE: Self = Self {
        verdict: Verdict::Impossible,
        effect: Effect::None,
        retry_after: Span::NEVER,
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
            verdict @ (Verdict::Limited | Verdict::Impossible) => Self {
                verdict,
                effect: Effect::None,
                retry_after: plain.retry_after(),
                denied_by: Some(0),
                ..Self::CHARGED
            },
        }
    }

    /// Walks the limits once for all fields; [`Decision::retry_after`] alone would walk all of them again.
    fn denied(policy: &Policy, decision: &Decision<'_>, allowed: Self) -> Self {
        let closed_for = decision.closed_for();
        let mut denied =
            Self { retry_after: closed_for, is_held_up: closed_for > Span::ZERO, ..allowed };
        let mut longest = Span::ZERO;
        let statuses = policy.limits().iter().zip(decision.limits()).enumerate();
        for (index, (limit, status)) in statuses {
            if limit.is_shadow() || status.verdict == Verdict::Allowed {
                continue;
            }
            denied.is_held_up |= status.held > 0;
            if denied.denied_by.is_none() || status.retry_after > longest {
                (denied.denied_by, longest) = (Some(index), status.retry_after);
            }
        }
        Self { retry_after: denied.retry_after.max(longest), ..denied }
    }
}

/// Whether admitted requests may have to wait their turn.
fn has_queue(policy: &Policy) -> bool {
    policy.limits().iter().any(|limit| matches!(limit.algorithm(), Algorithm::LeakyQueue { .. }))
}
