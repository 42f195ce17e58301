//! What a host reads from the exchange.

/// A decision. Spans are in nanoseconds; `u64::MAX` is never.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// 0 allowed, 1 limited, 2 impossible.
    pub verdict: u8,
    /// 0 to 8.
    pub effect: u8,
    /// How long until the same request passes.
    pub retry_after_ns: u64,
    /// Where each limit stands.
    pub limits: Vec<LimitStatus>,
    /// The record to write, if it changed.
    pub record: Option<Vec<u8>>,
}

/// Where one limit stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitStatus {
    /// What this limit alone says.
    pub verdict: u8,
    /// The most units at once.
    pub limit: u64,
    /// The units that could be asked for now.
    pub remaining: u64,
    /// The units that are held.
    pub held: u64,
    /// How long until the cost passes this limit.
    pub retry_after_ns: u64,
    /// How long until it is as if never used.
    pub reset_after_ns: u64,
    /// How long what was let in has to stand in line first.
    pub delay_ns: u64,
    /// What is in force for an adaptive limit.
    pub capacity: Option<Capacity>,
}

/// What is in force for an adaptive limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Now.
    pub capacity: u64,
    /// Without a reduction.
    pub original: u64,
    /// Its period.
    pub period_ns: u64,
}

/// Bytes of one limit.
pub(crate) const STATUS_BYTES: usize = 80;
/// Bytes before the limits.
pub(crate) const HEAD_BYTES: usize = 40;

impl LimitStatus {
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        let number = |position: usize| number(bytes, position * 8);
        let (capacity, original, period_ns) = (number(7), number(8), number(9));
        Self {
            verdict: u8::try_from(number(0)).unwrap_or(u8::MAX),
            limit: number(1),
            remaining: number(2),
            held: number(3),
            retry_after_ns: number(4),
            reset_after_ns: number(5),
            delay_ns: number(6),
            capacity: (capacity > 0).then_some(Capacity { capacity, original, period_ns }),
        }
    }
}

/// The number at this offset; 0 beyond the end.
pub(crate) fn number(bytes: &[u8], offset: usize) -> u64 {
    let eight = bytes.get(offset..).and_then(<[u8]>::first_chunk::<8>);
    eight.copied().map_or(0, u64::from_le_bytes)
}
