//! Finds positions by the hashes of what lies there: a table in which a look-up touches one line of cache,
//! where one that keeps its tags apart from its entries touches two.
//!
//! A slot holds a position in its low bits and a part of the hash in the others, so that a look-up
//! rarely reads a wrong entry. What finds the slot of its hash taken lies in the next free one.

/// No position. It is never one, since there are more slots than positions.
const EMPTY: u32 = u32::MAX;
/// Fewest slots there are, once there are any.
const SLOTS_MIN: usize = 4;
/// At most three of four slots are taken: with more, the next free one would be too far away.
const TAKEN_OF_FOUR_MAX: usize = 3;

/// Positions below 2^30, each once.
#[derive(Debug, Default)]
pub(super) struct Slots {
    /// As many as a power of two, or none.
    slots: Box<[u32]>,
    taken: usize,
}

impl Slots {
    /// The position with this hash that `is_it`.
    #[inline]
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        let index = self.index_of(hash, is_it)?;
        Some(self.position(*self.slots.get(index)?))
    }

    /// Adds a position that is not there. `hash_of` says the hash of each that is.
    pub(super) fn add(&mut self, hash: u64, position: usize, hash_of: impl Fn(usize) -> u64) {
        if (self.taken + 1) * 4 > self.slots.len() * TAKEN_OF_FOUR_MAX {
            self.grow(hash_of);
        }
        self.put(hash, position);
    }

    /// Takes out a position that is there.
    pub(super) fn remove(&mut self, hash: u64, position: usize, hash_of: impl Fn(usize) -> u64) {
        let Some(mut free) = self.index_of(hash, |other| other == position) else { return };
        self.taken -= 1;
        let mut next = free;
        loop {
            next = self.after(next);
            let slot = self.slots[next];
            if slot == EMPTY {
                break;
            }
            // What lies between the slot of its hash and here, round the end if need be, may move up.
            let home = self.home(hash_of(self.position(slot)));
            let (from_home, from_free) = (self.distance(home, next), self.distance(free, next));
            if from_home >= from_free {
                self.slots[free] = slot;
                free = next;
            }
        }
        self.slots[free] = EMPTY;
    }

    /// What lay at one position lies at another one now.
    pub(super) fn move_position(&mut self, hash: u64, from: usize, to: usize) {
        if let Some(index) = self.index_of(hash, |other| other == from) {
            self.slots[index] = self.slot(hash, to);
        }
    }

    fn grow(&mut self, hash_of: impl Fn(usize) -> u64) {
        let count = (self.slots.len() * 2).max(SLOTS_MIN);
        let before = std::mem::replace(&mut self.slots, vec![EMPTY; count].into());
        let mask = before.len().wrapping_sub(1);
        for slot in before.iter().filter(|slot| **slot != EMPTY) {
            let position = *slot as usize & mask;
            self.put(hash_of(position), position);
        }
        self.taken = before.iter().filter(|slot| **slot != EMPTY).count();
    }

    fn put(&mut self, hash: u64, position: usize) {
        let mut index = self.home(hash);
        while self.slots[index] != EMPTY {
            index = self.after(index);
        }
        self.slots[index] = self.slot(hash, position);
        self.taken += 1;
    }

    #[inline]
    fn index_of(&self, hash: u64, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        let (mut index, tag) = (self.home(hash), self.slot(hash, 0));
        loop {
            let slot = *self.slots.get(index)?;
            if slot == EMPTY {
                return None;
            }
            let position = self.position(slot);
            if slot - position as u32 == tag && is_it(position) {
                return Some(index);
            }
            index = self.after(index);
        }
    }

    /// The low bits of a slot that hold a position, and of an index.
    #[inline]
    fn mask(&self) -> usize {
        self.slots.len() - 1
    }

    /// The slot of a hash.
    #[inline]
    fn home(&self, hash: u64) -> usize {
        hash as usize & self.mask()
    }

    #[inline]
    fn after(&self, index: usize) -> usize {
        (index + 1) & self.mask()
    }

    fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & self.mask()
    }

    #[inline]
    fn position(&self, slot: u32) -> usize {
        slot as usize & self.mask()
    }

    /// A position and the upper bits of the hash, which neither `home` nor the choice of a shard took.
    #[inline]
    fn slot(&self, hash: u64, position: usize) -> u32 {
        ((hash >> 32) as u32 & !(self.mask() as u32)) | position as u32
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

        /// It finds what a map finds, with hashes that collide in every way: all in one slot, at the end, or
        /// in the part that a slot keeps.
        #[test]
        fn as_a_map_does(
            steps in proptest::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 0..200),
            spread in prop::sample::select(vec![0_u64, 1, 3, 0xff, 1 << 33, 0x0101_0000_0003]),
        ) {
            // As a shard does it: positions are those of a list, and the last one fills a gap.
            let hash = |key: u64| key.wrapping_mul(0x9e37_79b9_7f4a_7c15) & spread | spread.leading_zeros() as u64;
            let (mut slots, mut keys) = (Slots::default(), Vec::new());
            for (step, (adds, which)) in steps.into_iter().enumerate() {
                if adds || keys.is_empty() {
                    keys.push(step as u64);
                    slots.add(hash(step as u64), keys.len() - 1, |position| hash(keys[position]));
                } else {
                    let (gone, last) = (which.index(keys.len()), keys.len() - 1);
                    slots.remove(hash(keys[gone]), gone, |position| hash(keys[position]));
                    if gone != last {
                        slots.move_position(hash(keys[last]), last, gone);
                    }
                    keys.swap_remove(gone);
                }
                let places: HashMap<_, _> = keys.iter().enumerate().map(|(at, key)| (*key, at)).collect();
                for key in 0..=step as u64 {
                    let found = slots.find(hash(key), |position| keys[position] == key);
                    prop_assert_eq!(found, places.get(&key).copied());
                }
                prop_assert_eq!(slots.taken, keys.len());
            }
        }
    }
}
