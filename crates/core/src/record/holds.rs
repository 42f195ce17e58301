//! Capacity that is set aside under an id, until it is settled, released or expires.

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::mem;

use crate::id::Id;
use crate::shift;
use crate::time::{Span, Timestamp};

/// Most holds of one key at the same time; the next one waits until one of them is gone.
pub const HOLDS_MAX: usize = 1_024;
/// The longest that a hold may be kept without renewing it: 31 days.
pub const HOLD_TTL_MAX: Span = Span::from_secs(31 * 86_400);

/// One hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hold {
    pub(crate) id: Id,
    /// From then on it is no hold any more, but a charge of that time.
    pub(crate) expires: Timestamp,
    /// Units by the tag of their limit. By tag, so that they outlive a change of the policy.
    pub(crate) costs: Vec<(u32, u64)>,
}

/// The holds of one key, those that expire first in front.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Holds(Vec<Hold>);

impl Hold {
    /// The units held of the limit with this tag.
    pub(crate) fn on(&self, tag: u32) -> u64 {
        self.costs.iter().find(|(of, _)| *of == tag).map_or(0, |(_, units)| *units)
    }

    fn order(&self) -> (Timestamp, Id) {
        (self.expires, self.id)
    }
}

impl Holds {
    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) const fn are_full(&self) -> bool {
        self.0.len() >= HOLDS_MAX
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &Hold> {
        self.0.iter()
    }

    pub(crate) fn get(&self, id: Id) -> Option<&Hold> {
        self.0.iter().find(|hold| hold.id == id)
    }

    /// All units held of the limit with this tag.
    #[inline]
    pub(crate) fn on(&self, tag: u32) -> u64 {
        self.0.iter().fold(0, |sum, hold| sum.saturating_add(hold.on(tag)))
    }

    /// Adds a hold. The caller has looked whether there is room and no other with this id.
    pub(crate) fn insert(&mut self, hold: Hold) {
        let position = self.0.partition_point(|other| other.order() < hold.order());
        shift::insert(&mut self.0, position, hold);
    }

    pub(crate) fn remove(&mut self, id: Id) -> Option<Hold> {
        let position = self.0.iter().position(|hold| hold.id == id)?;
        shift::remove(&mut self.0, position)
    }

    /// Takes out all holds that have expired at `now`, those that did first in front.
    pub(crate) fn take_expired(&mut self, now: Timestamp) -> Vec<Hold> {
        let has_expired = |hold: &Hold| hold.expires <= now;
        if !self.0.first().is_some_and(has_expired) {
            return Vec::new();
        }
        // Not `drain`, which has a panic path for a range beyond the end.
        let (expired, living) = mem::take(&mut self.0).into_iter().partition(has_expired);
        self.0 = living;
        expired
    }

    /// Whether two of them have the same id. By a heap, since comparing each with each takes millions of
    /// steps, and a sort of the standard library is 5 KB of code.
    pub(crate) fn have_repeated_id(&self) -> bool {
        let mut ids: BinaryHeap<Id> = self.0.iter().map(|hold| hold.id).collect();
        while let Some(id) = ids.pop() {
            if ids.peek() == Some(&id) {
                return true;
            }
        }
        false
    }

    /// A hold that outlives every hold that can be taken at `now` was written by a broken clock: it
    /// gets the longest life there is. Says whether there was one.
    pub(crate) fn heal(&mut self, now: Timestamp, skew: Span) -> bool {
        let longest = now.plus(HOLD_TTL_MAX);
        let believed = longest.plus(skew);
        if self.0.last().is_none_or(|hold| hold.expires <= believed) {
            return false;
        }
        for mut hold in mem::take(&mut self.0) {
            hold.expires = hold.expires.min(longest);
            self.insert(hold);
        }
        true
    }
}
