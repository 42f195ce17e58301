//! Writes a decision as a row of numbers where JavaScript reads them: in milliseconds, in the order of
//! [`tollgate_js_border::answer`].

use tollgate_core::{Decision, LIMITS_MAX, LimitStatus, Plain, Waits};
use tollgate_js_border::answer::{HEAD, PER_LIMIT};
use tollgate_js_border::convert::millis;

/// Maximum numbers of a decision.
pub(crate) const NUMBERS_MAX: usize = HEAD + LIMITS_MAX * PER_LIMIT;

/// Writes the numbers of a decision.
#[inline]
pub(crate) fn write(numbers: &mut [f64; NUMBERS_MAX], decision: &Decision<'_>) {
    let (head, rest) = numbers.split_at_mut(HEAD);
    let mut slots = rest.chunks_exact_mut(PER_LIMIT);
    let Waits { retry_after, closed_for, delay } = decision.waits(|status| {
        if let Some(slots) = slots.next() {
            slots.copy_from_slice(&numbers_of(&status));
        }
    });
    head.copy_from_slice(&[retry_after, closed_for, delay].map(millis));
}

/// Writes the numbers of a plain decision.
#[inline]
pub(crate) fn write_plain(numbers: &mut [f64; NUMBERS_MAX], plain: &Plain<'_>) {
    let (head, rest) = numbers.split_at_mut(HEAD);
    let only = numbers_of(&plain.status());
    let [_, _, _, _, retry_after, _, delay] = only;
    head.copy_from_slice(&[retry_after, 0.0, delay]);
    if let Some(slots) = rest.first_chunk_mut() {
        *slots = only;
    }
}

#[inline]
fn numbers_of(status: &LimitStatus) -> [f64; PER_LIMIT] {
    [
        f64::from(status.verdict.code()),
        status.limit as f64,
        status.remaining as f64,
        status.held as f64,
        millis(status.retry_after),
        millis(status.reset_after),
        millis(status.delay),
    ]
}
