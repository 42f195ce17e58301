//! A decision as a row of numbers.
//!
//! ```text
//! retry_after  closed_for  delay    of the whole decision
//! verdict  limit  remaining  held  retry_after  reset_after  delay    of each limit
//! ```

use alloc::vec::Vec;

use tollgate_core::{Applied, Effect, LimitStatus, Span, Verdict};

/// Numbers of the whole decision.
pub const HEAD: usize = 3;
/// Numbers of each limit.
pub const PER_LIMIT: usize = 7;

const VERDICTS: [Verdict; 3] = [Verdict::Allowed, Verdict::Limited, Verdict::Impossible];

const EFFECTS: [Effect; 9] = [
    Effect::None,
    Effect::Charged,
    Effect::Held,
    Effect::Repeated,
    Effect::Settled,
    Effect::Released,
    Effect::Renewed,
    Effect::NoHold,
    Effect::Changed,
];

// The code of each verdict and effect is its index here.
const _: () = {
    let mut place = 0;
    while place < EFFECTS.len() {
        assert!(EFFECTS[place].code() as usize == place);
        assert!(place >= VERDICTS.len() || VERDICTS[place].code() as usize == place);
        place += 1;
    }
};

/// Verdict and effect in one number.
#[inline]
#[must_use]
pub const fn code(verdict: Verdict, effect: Effect) -> u32 {
    verdict.code() as u32 | (effect.code() as u32) << 2
}

/// The numbers of a decision, in nanoseconds.
#[must_use]
pub fn exact(applied: &Applied) -> Vec<u64> {
    let whole = [applied.retry_after, applied.closed_for, applied.delay].map(Span::as_nanos);
    let limits = applied.limits.iter().flat_map(|status| {
        [
            status.verdict.code().into(),
            status.limit,
            status.remaining,
            status.held,
            status.retry_after.as_nanos(),
            status.reset_after.as_nanos(),
            status.delay.as_nanos(),
        ]
    });
    whole.into_iter().chain(limits).collect()
}

/// The decision that these numbers describe, and the record to write; `None` when they describe none.
#[must_use]
pub fn applied(code: u32, numbers: &[u64], record: Option<Vec<u8>>) -> Option<Applied> {
    let (whole, limits) = numbers.split_first_chunk::<HEAD>()?;
    let [retry_after, closed_for, delay] = whole.map(Span::from_nanos);
    let (limits, []) = limits.as_chunks::<PER_LIMIT>() else { return None };
    Some(Applied {
        verdict: *VERDICTS.get((code & 3) as usize)?,
        effect: *EFFECTS.get((code >> 2) as usize)?,
        limits: limits.iter().map(status).collect::<Option<_>>()?,
        retry_after,
        closed_for,
        delay,
        record,
    })
}

fn status(numbers: &[u64; PER_LIMIT]) -> Option<LimitStatus> {
    let [verdict, limit, remaining, held, retry_after, reset_after, delay] = *numbers;
    Some(LimitStatus {
        verdict: *VERDICTS.get(usize::try_from(verdict).ok()?)?,
        limit,
        remaining,
        held,
        retry_after: Span::from_nanos(retry_after),
        reset_after: Span::from_nanos(reset_after),
        delay: Span::from_nanos(delay),
    })
}
