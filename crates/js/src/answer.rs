//! What a decision says, as numbers in a row.
//!
//! ```text
//! retry_after  closed_for  delay    of the whole decision
//! verdict  limit  remaining  held  retry_after  reset_after  delay    of each limit
//! ```

use tollgate_core::{Decision, Effect, LIMITS_MAX, LimitStatus, Span, Verdict};

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
    verdict.code() as u32 | (effect.code() as u32) << 2
}

/// In milliseconds, for who decides in memory.
#[inline]
pub(crate) fn write(numbers: &mut [f64; NUMBERS_MAX], decision: &Decision<'_>) {
    let (head, rest) = numbers.split_at_mut(HEAD);
    let waits = [decision.retry_after(), decision.closed_for(), decision.delay()];
    head.copy_from_slice(&waits.map(millis));
    for (slots, status) in rest.chunks_exact_mut(PER_LIMIT).zip(decision.limits()) {
        slots.copy_from_slice(&[
            f64::from(status.verdict.code()),
            status.limit as f64,
            status.remaining as f64,
            status.held as f64,
            millis(status.retry_after),
            millis(status.reset_after),
            millis(status.delay),
        ]);
    }
}

/// In nanoseconds, for who wants them all.
pub(crate) fn exact(
    whole: [Span; HEAD],
    limits: impl Iterator<Item = LimitStatus>,
) -> impl Iterator<Item = u64> {
    whole.into_iter().map(Span::as_nanos).chain(limits.flat_map(|status| {
        [
            status.verdict.code().into(),
            status.limit,
            status.remaining,
            status.held,
            status.retry_after.as_nanos(),
            status.reset_after.as_nanos(),
            status.delay.as_nanos(),
        ]
    }))
}
