//! How much of a limit a class of requests may use.

use crate::algorithms::recovery::permille;

/// The share of every limit's capacity that a request may use, in thousandths: 1 to 1,000.
///
/// Requests of lower priority are stopped while there is still room for those above them: with a share
/// of 800 a fifth of each capacity is left to requests with a larger one. The capacity is that of the
/// limit without any reduction, so what is left of a reduced capacity goes to the important first.
///
/// ```
/// use tollgate_core::Share;
/// assert_eq!(Share::from_permille(800), Some(Share::NORMAL));
/// assert_eq!(Share::from_permille(0), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u16);

impl Share {
    /// The whole capacity: the share of a request that names none.
    pub const HIGH: Self = Self(1_000);
    /// 80 %.
    pub const NORMAL: Self = Self(800);
    /// 50 %.
    pub const LOW: Self = Self(500);

    /// A share in thousandths of the capacity; `None` when that is not 1 to 1,000.
    #[must_use]
    pub const fn from_permille(permille: u16) -> Option<Self> {
        if permille == 0 || permille > 1_000 { None } else { Some(Self(permille)) }
    }

    /// The share in thousandths.
    #[must_use]
    pub const fn as_permille(self) -> u16 {
        self.0
    }

    /// The units of `capacity` that are left to others.
    pub(crate) fn headroom(self, capacity: u64) -> u64 {
        if self == Self::HIGH {
            return 0;
        }
        // What may be used is rounded up, so that a share of a capacity of 1 is not nothing.
        let unusable = 1_000_u16.saturating_sub(self.0);
        permille(capacity, unusable.into()).min(capacity.saturating_sub(1))
    }
}

impl Default for Share {
    fn default() -> Self {
        Self::HIGH
    }
}
