//! The outcome of an operation: may it pass, and what was done.

use crate::policy::LIMITS_MAX;
use crate::policy::limit::Limit;

/// May it pass?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Verdict {
    /// Yes.
    Allowed = 0,
    /// Not now. Nothing was charged.
    Limited = 1,
    /// Never: a cost exceeds what its limit can ever offer it, or asks for a slot without a hold.
    /// Nothing was charged.
    Impossible = 2,
}

impl Verdict {
    /// The word for it in every API of tollgate.
    ///
    /// ```
    /// assert_eq!(tollgate_core::Verdict::Limited.as_str(), "limited");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Limited => "limited",
            Self::Impossible => "impossible",
        }
    }

    /// The number for it, where only numbers cross the boundary: 0 to 2, in the order above.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Effect {
    /// Nothing: it was denied, asked for nothing, or had already been done.
    None = 0,
    /// The costs were charged.
    Charged = 1,
    /// The costs are held.
    Held = 2,
    /// This request was charged before, or this hold is there already. Nothing was done again.
    Repeated = 3,
    /// The hold was settled.
    Settled = 4,
    /// The hold was released.
    Released = 5,
    /// The hold was renewed.
    Renewed = 6,
    /// There is no such hold: it was settled or released before, or expired and was charged. An acquire
    /// that was let in before (see [`Acquire::once`](crate::Acquire::once)) holds nothing any more.
    NoHold = 7,
    /// The record was changed as asked.
    Changed = 8,
}

impl Effect {
    /// The word for it in every API of tollgate.
    ///
    /// ```
    /// assert_eq!(tollgate_core::Effect::NoHold.as_str(), "no-hold");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Charged => "charged",
            Self::Held => "held",
            Self::Repeated => "repeated",
            Self::Settled => "settled",
            Self::Released => "released",
            Self::Renewed => "renewed",
            Self::NoHold => "no-hold",
            Self::Changed => "changed",
        }
    }

    /// The number for it, where only numbers cross the boundary: 0 to 8, in the order above.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Whether it changed the record.
    #[inline]
    pub(crate) const fn writes(self) -> bool {
        !matches!(self, Self::None | Self::Repeated | Self::NoHold)
    }
}

/// The outcome of an operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) effect: Effect,
    /// The limits that alone would not let it pass, including those that only watch.
    pub(crate) denied_by: LimitSet,
}

impl Outcome {
    pub(crate) fn done(effect: Effect) -> Self {
        Self { verdict: Verdict::Allowed, effect, denied_by: LimitSet::default() }
    }

    /// The limit at `index` alone says `verdict`, so nothing is done. One that only watches denies nothing.
    #[inline]
    pub(crate) fn deny(&mut self, index: usize, limit: &Limit, verdict: Verdict) {
        self.denied_by.insert(index);
        if !limit.is_shadow() {
            self.verdict = self.verdict.max(verdict);
            self.effect = Effect::None;
        }
    }
}

/// Some of a policy's limits, by their positions.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LimitSet(u16);

impl LimitSet {
    #[inline]
    pub(crate) fn insert(&mut self, index: usize) {
        self.0 |= 1_u16.wrapping_shl(index as u32);
    }

    #[inline]
    pub(crate) fn contains(self, index: usize) -> bool {
        self.0 & 1_u16.wrapping_shl(index as u32) != 0
    }
}

// One bit each.
const _: () = assert!(LIMITS_MAX <= u16::BITS as usize);
