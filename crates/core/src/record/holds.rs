//! Capacity that is set aside under an id, until it is settled, released or expires.

use alloc::vec::Vec;
use core::mem;

use crate::id::Id;
use crate::record::held::HeldUnits;
use crate::shift;
use crate::time::{Span, Timestamp};

/// Most holds of one key at the same time; the next one waits until one of them is gone.
pub const HOLDS_MAX: usize = 1_024;
/// The longest that a hold may be kept without renewing it: 31 days.
pub const HOLD_TTL_MAX: Span = Span::from_secs(31 * 86_400);

/// Marks that ids may leave, when it is looked whether two are the same.
const MARKS: usize = 1 << MARK_BITS;
const MARK_BITS: u32 = 15;

/// One hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hold {
    pub(crate) id: Id,
    /// From then on it is no longer a hold, but a charge of that time.
    pub(crate) expires: Timestamp,
    pub(crate) units: HeldUnits,
}

/// The holds of one key, those that expire first in front.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Holds(Vec<Hold>);

impl Hold {
    /// The units held of the limit with this tag.
    pub(crate) fn on(&self, tag: u32) -> u64 {
        self.units.of(tag).unwrap_or(0)
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
        // Those of a record's bytes come in order.
        if self.0.last().is_none_or(|last| last.order() < hold.order()) {
            return self.0.push(hold);
        }
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

    /// Whether two of them have the same id. Only those are compared with all others whose ids leave the same
    /// mark: of 1,024 ids by lot some sixteen.
    pub(crate) fn have_repeated_id(&self) -> bool {
        let mut marks = [0_u64; MARKS / 64];
        self.0.iter().any(|hold| {
            let (word, bit) = mark_of(hold.id);
            let Some(word) = marks.get_mut(word) else { return false };
            let is_marked = *word & bit != 0;
            *word |= bit;
            let mut same = self.0.iter().filter(|other| other.id == hold.id);
            is_marked && same.next().and_then(|_| same.next()).is_some()
        })
    }

    /// The holds, and when they expire by a clock that is not broken. A hold that outlives every hold that
    /// can be taken at `now` was written by one that was: it gets the longest life there is.
    pub(crate) fn believed(
        &self,
        now: Timestamp,
        skew: Span,
    ) -> impl Iterator<Item = (&Hold, Timestamp)> {
        let longest = now.plus(HOLD_TTL_MAX);
        let most = if self.are_believed(now, skew) { Timestamp::MAX } else { longest };
        self.0.iter().map(move |hold| (hold, hold.expires.min(most)))
    }

    fn are_believed(&self, now: Timestamp, skew: Span) -> bool {
        let believed = now.plus(HOLD_TTL_MAX).plus(skew);
        self.0.last().is_none_or(|hold| hold.expires <= believed)
    }

    /// Corrects the expiry of those that are not [`believed`](Self::believed). Returns whether there was one.
    pub(crate) fn heal(&mut self, now: Timestamp, skew: Span) -> bool {
        if self.are_believed(now, skew) {
            return false;
        }
        let longest = now.plus(HOLD_TTL_MAX);
        for mut hold in mem::take(&mut self.0) {
            hold.expires = hold.expires.min(longest);
            self.insert(hold);
        }
        true
    }
}

/// The word and the bit in it that an id marks. Multiplied by the golden ratio (Knuth, The Art of Computer
/// Programming, volume 3, section 6.4), since ids that somebody counts up differ in a few bits alone.
fn mark_of(id: Id) -> (usize, u64) {
    let id = id.as_u128();
    let folded = (id >> 64) as u64 ^ id as u64;
    let mark = folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - MARK_BITS);
    ((mark >> 6) as usize, 1 << (mark & 63))
}
