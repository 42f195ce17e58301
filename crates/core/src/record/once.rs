//! The last requests that were charged, so that a retry is not charged again.

use alloc::vec::Vec;

use crate::id::Id;
use crate::shift;

/// How many request ids a record remembers: the latest.
pub const REQUEST_IDS_MAX: usize = 16;

/// Request ids, the oldest in front.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Once(Vec<Id>);

impl Once {
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = Id> {
        self.0.iter().copied()
    }

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn contains(&self, id: Id) -> bool {
        self.0.contains(&id)
    }

    /// Remembers `id`, and forgets the oldest if there are too many.
    pub(crate) fn remember(&mut self, id: Id) {
        if self.0.len() >= REQUEST_IDS_MAX {
            shift::remove(&mut self.0, 0);
        }
        self.0.push(id);
    }
}
