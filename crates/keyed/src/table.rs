//! A bounded table of keys.

use alloc::boxed::Box;
use alloc::vec::Vec;

use hashbrown::HashTable;
use siphasher::sip::SipHasher13;
use tollgate_core::{Acquire, CompactRecord, Decision, Operation, Policy, Span, Timestamp, is_key};

use crate::handle::SLOTS_MAX;
use crate::{Admission, Handle, Serials, TableError};

/// Most keys of a table. Each takes some 100 bytes plus those of its name.
pub const KEYS_MAX: usize = SLOTS_MAX;

/// Adding a key to a full table checks at most so many others for one that may be forgotten: some tens of
/// microseconds.
const LOOKS_WHEN_FULL: usize = 1_024;

/// Keys under one policy.
#[derive(Debug)]
pub struct Table {
    policy: Policy,
    keys_max: usize,
    slots: Vec<Slot>,
    /// Slots, found by the names of their keys.
    positions: HashTable<u32>,
    hasher: SipHasher13,
    /// The slot to check next when one is needed.
    hand: usize,
    /// The last operation, kept for reuse: most requests cost the same, and building an operation from
    /// numbers takes longer than deciding it.
    pub(crate) asked: Acquire,
}

#[derive(Debug)]
struct Slot {
    handle: Handle,
    name: Box<str>,
    record: CompactRecord,
}

impl Table {
    /// A table without keys, which will keep at most `keys_max` of them. Make `seed` random if others choose
    /// the keys: without knowing it they can't choose keys that collide.
    ///
    /// # Errors
    /// [`TableError::KeysMax`].
    pub fn new(policy: Policy, keys_max: usize, seed: u64) -> Result<Self, TableError> {
        if keys_max == 0 || keys_max > KEYS_MAX {
            return Err(TableError::KeysMax(keys_max));
        }
        let asked = policy.no_costs().into();
        let (slots, positions) = (Vec::new(), HashTable::new());
        let hasher = SipHasher13::new_with_keys(seed, 0);
        Ok(Self { policy, keys_max, slots, positions, hasher, hand: 0, asked })
    }

    /// The policy of every key.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// How many keys there are.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.slots.len()
    }

    /// The handle of the key with this name, which is added if it is not there. It is valid until the key
    /// is forgotten, which happens only when another one is added.
    ///
    /// # Errors
    /// [`TableError::Key`], and [`TableError::Full`] when none of the next 1,024 keys may be forgotten.
    pub fn intern(
        &mut self,
        name: &str,
        now: Timestamp,
        serials: &mut Serials,
    ) -> Result<Handle, TableError> {
        if !is_key(name) {
            return Err(TableError::Key(name.len()));
        }
        let hash = self.hasher.hash(name.as_bytes());
        if let Some(handle) = self.find(hash, name) {
            return Ok(handle);
        }
        let slot = self.place(now).ok_or(TableError::Full)?;
        let handle = serials.handle(slot).ok_or(TableError::Full)?;
        let record = CompactRecord::new(&self.policy);
        self.put(slot, hash, Slot { handle, name: name.into(), record });
        Ok(handle)
    }

    /// Charges `cost` to the only limit of the policy, or nothing. For policies of several limits there
    /// is [`acquire_batch`](Self::acquire_batch), and [`apply`](Self::apply) for everything else.
    ///
    /// # Errors
    /// [`TableError::UnknownHandle`], [`TableError::Costs`].
    #[inline]
    pub fn acquire(
        &mut self,
        key: Handle,
        cost: u64,
        now: Timestamp,
    ) -> Result<Admission, TableError> {
        self.ask_for(&[cost])?;
        self.acquire_again(key, now)
    }

    /// Applies `operation` to a key, and returns what `answer` makes of the decision and the policy it was
    /// made under.
    ///
    /// # Errors
    /// [`TableError::UnknownHandle`].
    pub fn apply<T>(
        &mut self,
        key: Handle,
        operation: &Operation,
        now: Timestamp,
        answer: impl FnOnce(&Policy, Decision<'_>) -> T,
    ) -> Result<T, TableError> {
        let record = record(&mut self.slots, key)?;
        Ok(record.apply(&self.policy, operation, now, |decision| answer(&self.policy, decision)))
    }

    pub(crate) fn knows(&self, key: Handle) -> bool {
        self.slots.get(key.slot()).is_some_and(|slot| slot.handle == key)
    }

    /// Makes these costs the ones that [`acquire_again`](Self::acquire_again) asks for.
    #[inline]
    pub(crate) fn ask_for(&mut self, costs: &[u64]) -> Result<(), TableError> {
        if self.asked.costs.as_slice() != costs {
            let costs = self.policy.costs_in_order(costs).map_err(|_| TableError::Costs)?;
            self.asked = costs.into();
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn acquire_again(
        &mut self,
        key: Handle,
        now: Timestamp,
    ) -> Result<Admission, TableError> {
        let record = record(&mut self.slots, key)?;
        if let Some(plain) = record.decide_plain(&self.policy, &self.asked, now) {
            return Ok(Admission::of_plain(&plain));
        }
        let operation = Operation::Acquire(self.asked.clone());
        Ok(record.apply(&self.policy, &operation, now, Admission::of))
    }

    /// A slot that is free, or whose key would decide like one that was never seen.
    fn place(&mut self, now: Timestamp) -> Option<usize> {
        let count = self.slots.len();
        if count < self.keys_max {
            return Some(count);
        }
        for _ in 0..count.min(LOOKS_WHEN_FULL) {
            let looked_at = self.hand;
            self.hand = looked_at.checked_add(1).filter(|next| *next < count).unwrap_or(0);
            let record = &self.slots.get(looked_at)?.record;
            if record.forget_after(&self.policy, now) == Span::ZERO {
                return Some(looked_at);
            }
        }
        None
    }

    fn find(&self, hash: u64, name: &str) -> Option<Handle> {
        let slot = |position: &u32| self.slots.get(*position as usize);
        let is_it = |position: &u32| slot(position).is_some_and(|slot| *slot.name == *name);
        self.positions.find(hash, is_it).and_then(slot).map(|slot| slot.handle)
    }

    fn put(&mut self, place: usize, hash: u64, slot: Slot) {
        // There are at most 2^20 slots.
        let position = place as u32;
        match self.slots.get_mut(place) {
            Some(taken) => {
                let forgotten = core::mem::replace(taken, slot);
                let hash = self.hasher.hash(forgotten.name.as_bytes());
                if let Ok(found) = self.positions.find_entry(hash, |it| *it == position) {
                    found.remove();
                }
            }
            None => self.slots.push(slot),
        }
        let (slots, hasher) = (&self.slots, &self.hasher);
        let rehash = |position: &u32| {
            slots.get(*position as usize).map_or(0, |slot| hasher.hash(slot.name.as_bytes()))
        };
        self.positions.insert_unique(hash, position, rehash);
    }
}

/// Borrows only the slots, so that the policy can be used at the same time.
#[inline]
fn record(slots: &mut [Slot], key: Handle) -> Result<&mut CompactRecord, TableError> {
    let slot = slots.get_mut(key.slot()).filter(|slot| slot.handle == key);
    Ok(&mut slot.ok_or(TableError::UnknownHandle)?.record)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use tollgate_core::Limit;

    use super::*;

    /// However many keys come and go, nothing of the forgotten ones is kept: memory is bounded.
    #[test]
    fn nothing_is_kept_of_the_forgotten() -> Result<(), Box<dyn core::error::Error>> {
        let policy = Policy::new([Limit::gcra("requests", 1, Span::from_secs(1), 1)?])?;
        let (mut table, mut serials) = (Table::new(policy, 3, 7)?, Serials::START);
        for key in 0..100 {
            table.intern(&key.to_string(), Timestamp::EPOCH, &mut serials)?;
            assert_eq!(table.positions.len(), table.slots.len());
        }
        assert_eq!(table.slots.len(), 3);
        Ok(())
    }
}
