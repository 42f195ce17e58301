//! Numbers and times, drawn from a fuzzer's bytes so that few bytes say much.

use arbitrary::{Result, Unstructured};
use tollgate_core::{SKEW_MAX, Span, Timestamp};

/// 2027, when most stories begin.
const USUAL: Timestamp = Timestamp::from_secs(1_800_000_000);
const DAY_NS: u64 = 86_400_000_000_000;

/// A number from 0 to `max`, small ones as likely as large ones.
pub(crate) fn number(bytes: &mut Unstructured<'_>, max: u64) -> Result<u64> {
    let bits_max = u64::BITS - max.leading_zeros();
    let bits = bytes.int_in_range(0..=bits_max)?;
    let widest = u64::MAX.checked_shr(u64::BITS - bits).unwrap_or(0);
    bytes.int_in_range(0..=widest.min(max))
}

/// A number from 1 to `max`.
pub(crate) fn positive(bytes: &mut Unstructured<'_>, max: u64) -> Result<u64> {
    Ok(number(bytes, max.saturating_sub(1))?.saturating_add(1))
}

/// A span from 1 ns to `max`.
pub(crate) fn span(bytes: &mut Unstructured<'_>, max: Span) -> Result<Span> {
    positive(bytes, max.as_nanos()).map(Span::from_nanos)
}

/// When a story begins: mostly in our days, sometimes anywhere up to the end of time.
pub(crate) fn time(bytes: &mut Unstructured<'_>) -> Result<Timestamp> {
    Ok(match bytes.int_in_range(0..=7_u8)? {
        0 => Timestamp::EPOCH,
        1 => Timestamp::MAX,
        2 => Timestamp::from_nanos(number(bytes, u64::MAX)?),
        _ => USUAL.plus(Span::from_nanos(number(bytes, DAY_NS)?)),
    })
}

/// When it goes on: mostly later, sometimes by a clock that is behind or was set.
pub(crate) fn next_time(bytes: &mut Unstructured<'_>, now: Timestamp) -> Result<Timestamp> {
    Ok(match bytes.int_in_range(0..=15_u8)? {
        0 => time(bytes)?,
        1 => {
            let behind_ns = number(bytes, SKEW_MAX.as_nanos().saturating_mul(4))?;
            Timestamp::from_nanos(now.as_nanos().saturating_sub(behind_ns))
        }
        2..=5 => now,
        _ => now.plus(span(bytes, Span::MAX)?),
    })
}
