//! What a hold sets aside of each limit. A key may have a thousand holds, and all of them are read and
//! written for every decision on it, so those on few limits allocate nothing.

use alloc::vec::Vec;

use crate::record::states::FEW;

/// Units by the tag of their limit. By tag, so that they outlive a change of the policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct HeldUnits {
    /// `(0, 0)` beyond the first `count`.
    few: [(u32, u64); FEW],
    count: usize,
    /// What did not fit there.
    more: Vec<(u32, u64)>,
}

impl HeldUnits {
    /// Adds units of a limit of which there are none yet.
    #[inline]
    pub(crate) fn add(&mut self, tag: u32, units: u64) {
        match self.few.get_mut(self.count) {
            Some(place) => {
                *place = (tag, units);
                self.count = self.count.saturating_add(1);
            }
            None => self.more.push((tag, units)),
        }
    }

    /// How many limits there are units of.
    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.count.saturating_add(self.more.len())
    }

    #[inline]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, u64)> {
        self.few.iter().take(self.count).chain(&self.more).copied()
    }

    /// The units of the limit with this tag.
    #[inline]
    pub(crate) fn of(&self, tag: u32) -> Option<u64> {
        self.iter().find_map(|(of, units)| (of == tag).then_some(units))
    }
}
