//! The keys of a limiter, in parts that are locked one by one.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use compact_str::CompactString;
use foldhash::fast::RandomState;
use tollgate_core::{CompactRecord, Policy, Span, Timestamp};

use super::pages::Pages;
use super::slots::Slots;

/// The bits of a hash that choose the shard: not the lowest, by which slots are found.
const SHARD_BITS_FROM: u32 = 32;

/// All shards; their number is a power of two.
#[derive(Debug)]
pub(super) struct Shards {
    shards: Box<[Locked]>,
    /// Where the next look for keys to forget begins.
    next: AtomicUsize,
}

/// A shard. Nothing panics while it is locked but what a caller says of a decision, which comes last.
#[derive(Debug, Default)]
// Two shards never share a cache line, nor two that are fetched together.
#[repr(align(128))]
pub(super) struct Locked(Mutex<Shard>);

#[derive(Debug, Default)]
pub(super) struct Shard {
    /// Positions in `entries`, found by their keys.
    slots: Slots,
    entries: Pages<Entry>,
    /// The entry to look at next.
    hand: usize,
}

#[derive(Debug)]
struct Entry {
    /// Up to 24 bytes inline, since following a pointer takes longer than deciding.
    key: CompactString,
    record: CompactRecord,
}

impl Shards {
    pub(super) fn new(count: usize) -> Self {
        let shards = (0..count.max(1)).map(|_| Locked::default()).collect();
        Self { shards, next: AtomicUsize::new(0) }
    }

    /// The shard of the keys with this hash.
    #[inline]
    pub(super) fn lock(&self, hash: u64) -> MutexGuard<'_, Shard> {
        let index = (hash >> SHARD_BITS_FROM) as usize & (self.shards.len() - 1);
        self.shards[index].lock()
    }

    /// Every shard once, beginning with another one every time.
    pub(super) fn beginning_anywhere(&self) -> impl Iterator<Item = &Locked> {
        let start = self.next.fetch_add(1, Ordering::Relaxed) % self.shards.len();
        let (before, after) = self.shards.split_at(start);
        after.iter().chain(before)
    }
}

impl Locked {
    #[inline]
    pub(super) fn lock(&self) -> MutexGuard<'_, Shard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    pub(super) const fn len(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    pub(super) fn get_mut(&mut self, hash: u64, key: &str) -> Option<&mut CompactRecord> {
        let entries = &self.entries;
        let is_it = |position| entries.get(position).is_some_and(|entry| entry.key == key);
        let position = self.slots.find(hash, is_it)?;
        self.entries.get_mut(position).map(|entry| &mut entry.record)
    }

    /// The keys that are needed, with the bytes of their records.
    #[cfg(feature = "serde")]
    pub(super) fn records(
        &self,
        policy: &Policy,
        now: Timestamp,
    ) -> impl Iterator<Item = (Box<str>, Vec<u8>)> {
        let entries = (0..self.entries.len()).filter_map(|position| self.entries.get(position));
        let needed = entries.filter(move |it| it.record.forget_after(policy, now) > Span::ZERO);
        needed.map(|entry| (entry.key.as_str().into(), entry.record.encode(policy)))
    }

    /// Adds a key that is not there.
    pub(super) fn add(
        &mut self,
        hasher: &RandomState,
        hash: u64,
        key: &str,
        record: CompactRecord,
    ) {
        let position = self.entries.len();
        self.entries.push(Entry { key: key.into(), record });
        self.slots.add(hash, position, |position| hash_at(&self.entries, hasher, position));
    }

    /// Looks at the next keys, at most `looks` and each once, and forgets those that are not needed; says
    /// how many.
    pub(super) fn sweep(
        &mut self,
        policy: &Policy,
        hasher: &RandomState,
        now: Timestamp,
        looks: usize,
    ) -> usize {
        let before = self.entries.len();
        for _ in 0..looks.min(before) {
            if self.hand >= self.entries.len() {
                self.hand = 0;
            }
            match self.entries.get(self.hand) {
                Some(entry) if entry.record.forget_after(policy, now) == Span::ZERO => {
                    self.remove(hasher, self.hand);
                }
                _ => self.hand += 1,
            }
        }
        before - self.entries.len()
    }

    fn remove(&mut self, hasher: &RandomState, position: usize) {
        let hash_of = |position| hash_at(&self.entries, hasher, position);
        self.slots.remove(hash_of(position), position, hash_of);
        let last = self.entries.len() - 1;
        if position != last {
            self.slots.move_position(hash_of(last), last, position);
        }
        self.entries.swap_remove(position);
    }
}

/// The hash of the key at a position that there is.
fn hash_at(entries: &Pages<Entry>, hasher: &RandomState, position: usize) -> u64 {
    entries.get(position).map_or(0, |entry| hasher.hash_one(entry.key.as_str()))
}
