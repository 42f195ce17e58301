//! Room for keys: adding one, and forgetting those no longer needed.

use std::mem;
use std::sync::MutexGuard;
use std::sync::atomic::Ordering;

#[cfg(feature = "serde")]
use tollgate_core::Record;
use tollgate_core::{Acquire, CompactRecord, Operation, Span, Timestamp};
use tollgate_store::Clock;

use super::shard::Shard;
use super::{Inner, Limiter};
use crate::LimiterError;

/// How many other keys are looked at when one is added: more than one, so that keys are forgotten faster
/// than they are added.
const LOOKS_PER_KEY: usize = 2;
/// How many keys and shards are looked at, at most, for one that can be forgotten when a key is added to a full
/// limiter: some tens of microseconds.
const LOOKS_WHEN_FULL: usize = 1_024;

impl<C: Clock> Limiter<C> {
    /// Forgets every key no longer needed, and returns how many. Calling it is optional: adding keys makes
    /// room for them. It frees room for other keys; the pages of the table stay.
    pub fn sweep(&self) -> usize {
        self.inner.sweep(usize::MAX, usize::MAX)
    }

    /// Every key that is needed, with the bytes of its record.
    #[cfg(feature = "serde")]
    pub(crate) fn records(&self) -> Vec<(Box<str>, Vec<u8>)> {
        let (inner, now) = (&*self.inner, self.clock().now());
        let mut records = Vec::new();
        for shard in inner.shards.beginning_anywhere() {
            records.extend(shard.lock().records(&inner.policy, now));
        }
        records
    }

    /// Adds a key with its record, if the key is absent. Returns whether it was.
    #[cfg(feature = "serde")]
    pub(crate) fn add(&self, key: &str, record: Record) -> Result<bool, LimiterError> {
        let mut is_new = false;
        let add = |slot: &mut CompactRecord, _| {
            // Every key that is kept has something to remember.
            is_new = *slot == CompactRecord::new(self.policy());
            if is_new {
                *slot = CompactRecord::of(self.policy(), record);
            }
            (is_new, ())
        };
        self.visit(key, || true, add)?;
        Ok(is_new)
    }

    /// The first operation on a key, which is kept if there is something to remember of it. Where that has to
    /// be and there is no room, nothing is decided: what `act` tells its caller holds.
    #[cold]
    pub(super) fn visit_new<'a, T>(
        &'a self,
        mut shard: MutexGuard<'a, Shard>,
        hash: u64,
        key: &str,
        begins: bool,
        act: impl FnOnce(&mut CompactRecord, Timestamp) -> (bool, T),
    ) -> Result<T, LimiterError> {
        let inner = &*self.inner;
        let mut place = begins.then(|| inner.take_place()).flatten();
        if begins && place.is_none() {
            drop(shard);
            place = (inner.sweep(LOOKS_WHEN_FULL, 1) > 0).then(|| inner.take_place()).flatten();
            shard = inner.shards.lock(hash);
        }
        let (policy, now) = (&inner.policy, inner.clock.now());
        if let Some(record) = shard.get_mut(hash, key) {
            // Another thread added it while the shard was not locked.
            return Ok(act(record, now).1);
        }
        if begins && place.is_none() {
            return Err(LimiterError::Full(inner.keys_max));
        }
        let mut record = CompactRecord::new(policy);
        let (changed, said) = act(&mut record, now);
        if !changed || record == CompactRecord::new(policy) {
            return Ok(said);
        }
        // A look may begin a record too: where a key begins below its capacity.
        if let Some(place) = place.or_else(|| inner.take_place()) {
            let forgotten = shard.sweep(policy, &inner.hasher, now, LOOKS_PER_KEY);
            inner.leave_places(forgotten);
            shard.add(&inner.hasher, hash, key, record);
            place.keep();
        }
        Ok(said)
    }
}

/// Whether an operation on an unknown key has to be remembered. One that has not takes no room before it is
/// decided: others would be told that there is none.
pub(super) fn begins(operation: &Operation) -> bool {
    match operation {
        Operation::Acquire(asked) => asks_for_something(asked),
        Operation::Settle { .. } | Operation::Release { .. } | Operation::Renew { .. } => false,
        Operation::Block(span) => *span > Span::ZERO,
        Operation::Reset => false,
        Operation::Penalise(_)
        | Operation::Lower { .. }
        | Operation::SetCapacity { .. }
        | Operation::Reduce { .. } => true,
    }
}

pub(super) fn asks_for_something(asked: &Acquire) -> bool {
    asked.hold.is_some() || !asked.costs.is_zero()
}

/// Room for one more key, left when it is dropped: what a caller does with a decision may panic.
struct Place<'a, C: Clock>(&'a Inner<C>);

impl<C: Clock> Place<'_, C> {
    /// There is a key in it now.
    fn keep(self) {
        mem::forget(self);
    }
}

impl<C: Clock> Drop for Place<'_, C> {
    fn drop(&mut self) {
        self.0.leave_places(1);
    }
}

impl<C: Clock> Inner<C> {
    /// A place for one more key, if there is one.
    fn take_place(&self) -> Option<Place<'_, C>> {
        let more = |keys| (keys < self.keys_max).then(|| keys + 1);
        let taken = self.keys.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.is_ok().then(|| Place(self))
    }

    fn leave_places(&self, count: usize) {
        if count > 0 {
            self.keys.fetch_sub(count, Ordering::Relaxed);
        }
    }

    /// Looks at keys and shards, at most `looks` of them, until `wanted` were forgotten; says how many.
    fn sweep(&self, looks: usize, wanted: usize) -> usize {
        let (mut left, mut forgotten, now) = (looks, 0, self.clock.now());
        for shard in self.shards.beginning_anywhere() {
            if left == 0 || forgotten >= wanted {
                break;
            }
            let mut shard = shard.lock();
            let looks = left.min(shard.len());
            // A shard without keys is a look, too.
            left -= looks.max(1);
            let here = shard.sweep(&self.policy, &self.hasher, now, looks);
            self.leave_places(here);
            forgotten += here;
        }
        forgotten
    }
}
