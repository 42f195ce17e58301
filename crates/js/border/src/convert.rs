//! Converts between JavaScript's numbers and the core's.

use alloc::string::ToString;
use core::fmt::Display;

use tollgate_core::{Id, Span, Timestamp};
use wasm_bindgen::JsValue;

const NANOS_PER_MILLI: u64 = 1_000_000;
/// The most milliseconds that fit in nanoseconds: up to it a product needs no overflow check, which would be
/// a call in WebAssembly.
const MILLIS_MAX: u64 = u64::MAX / NANOS_PER_MILLI;

/// A timestamp from milliseconds since the epoch, which may have a fraction.
#[inline]
pub fn timestamp(millis: f64) -> Timestamp {
    // The conversion saturates: negative numbers become 0, and too large ones the end of time.
    let whole = (millis as u64).min(MILLIS_MAX);
    let part = (millis - whole as f64) * NANOS_PER_MILLI as f64;
    Timestamp::from_nanos((whole * NANOS_PER_MILLI).saturating_add(part as u64))
}

/// Whole milliseconds, rounded up, so that waiting that long is enough. Never is infinity.
#[inline]
pub fn millis(span: Span) -> f64 {
    // Most spans are none at all, and a division is slow.
    match span {
        Span::ZERO => 0.0,
        Span::NEVER => f64::INFINITY,
        span => span.as_millis_ceil() as f64,
    }
}

/// A number that has been checked to be whole.
#[inline]
pub const fn units(number: f64) -> u64 {
    number as u64
}

/// Sixteen bytes, the most significant first.
pub fn id(bytes: &[u8]) -> Result<Id, JsValue> {
    let bytes = bytes.try_into().map_err(|_| error("id: must have 16 bytes"))?;
    Ok(Id::from_u128(u128::from_be_bytes(bytes)))
}

/// The text that JavaScript turns into an error: the field, a colon, and what is wrong with it.
pub fn error(message: impl Display) -> JsValue {
    JsValue::from_str(&message.to_string())
}
