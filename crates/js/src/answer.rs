//! What a decision says, as numbers in a row.
//!
//! ```text
//! retry_after  closed_for  delay    of the whole decision
//! verdict  limit  remaining  held  retry_after  reset_after  delay    of each limit
//! ```

use tollgate_core::{Decision, Effect, LIMITS_MAX, LimitStatus, Policy, Span, Verdict};

use crate::convert::millis;

/// Numbers of the whole decision.
const HEAD: usize = 3;
/// Numbers of each limit.
const PER_LIMIT: usize = 7;
/// Most numbers of a decision.
pub(crate) const NUMBERS_MAX: usize = HEAD + LIMITS_MAX * PER_LIMIT;

/// Verdict and effect in one number.
#[inline]
pub(crate) const fn code(verdict: Verdict, effect: Effect) -> u32 {
    verdict_code(verdict) | effect_code(effect) << 2
}

const fn verdict_code(verdict: Verdict) -> u32 {
    match verdict {
        Verdict::Allowed => 0,
        Verdict::Limited => 1,
        Verdict::Impossible => 2,
    }
}

const fn effect_code(effect: Effect) -> u32 {
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

/// In milliseconds, for who decides in memory.
#[inline]
pub(crate) fn write(numbers: &mut [f64; NUMBERS_MAX], policy: &Policy, decision: &Decision<'_>) {
    let (head, rest) = numbers.split_at_mut(HEAD);
    // What the decision says of them all would look at each limit once more.
    let (mut retry_after, mut delay) = (Span::ZERO, Span::ZERO);
    let limits = policy.limits().iter().zip(decision.limits());
    for (slots, (limit, status)) in rest.chunks_exact_mut(PER_LIMIT).zip(limits) {
        if !limit.is_shadow() {
            retry_after = retry_after.max(status.retry_after);
            delay = delay.max(status.delay);
        }
        slots.copy_from_slice(&[
            f64::from(verdict_code(status.verdict)),
            status.limit as f64,
            status.remaining as f64,
            status.held as f64,
            millis(status.retry_after),
            millis(status.reset_after),
            millis(status.delay),
        ]);
    }
    let denied = decision.verdict() != Verdict::Allowed;
    let closed_for = decision.closed_for();
    let retry_after = if denied { retry_after.max(closed_for) } else { Span::ZERO };
    head.copy_from_slice(&[millis(retry_after), millis(closed_for), millis(delay)]);
}

/// In nanoseconds, for who wants them all.
pub(crate) fn exact(
    whole: [Span; HEAD],
    limits: impl Iterator<Item = LimitStatus>,
) -> impl Iterator<Item = u64> {
    whole.into_iter().map(Span::as_nanos).chain(limits.flat_map(|status| {
        [
            verdict_code(status.verdict).into(),
            status.limit,
            status.remaining,
            status.held,
            status.retry_after.as_nanos(),
            status.reset_after.as_nanos(),
            status.delay.as_nanos(),
        ]
    }))
}
