//! The uncommitted writes, laid over the committed values.
//!
//! There are at most two batches. Writes go into the *open* one. The writer freezes it, commits it, and
//! only then, in one step, replaces it by a snapshot that contains it. So the current value is always in
//! the first of these that has the key: open batch, frozen batch, snapshot. If a commit fails, the frozen batch
//! stays, to be committed again before anything newer: the file always holds a prefix of all writes.

use std::collections::BTreeMap;
use std::mem;
use std::ops::Bound;
use std::sync::Arc;

use super::open::Snapshot;
use crate::contract::KeyValueError;

/// Most keys with uncommitted values; those of two more changes may come on top.
pub const OVERLAY_ENTRIES_MAX: usize = 65_536;
/// Most bytes of uncommitted keys and values; those of two more changes may come on top.
pub const OVERLAY_BYTES_MAX: usize = 64 << 20;

/// The overlay holds two batches.
const BATCH_ENTRIES_MAX: usize = OVERLAY_ENTRIES_MAX / 2;
const BATCH_BYTES_MAX: usize = OVERLAY_BYTES_MAX / 2;

/// An uncommitted value, or `None` if the key was deleted. Shared, so that only pointers are copied
/// under the lock.
pub(super) type Pending = Option<Arc<[u8]>>;

/// Writes that are committed together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    values: BTreeMap<String, Pending>,
    /// The size of its keys and values.
    bytes: usize,
    /// The number of the last write in this batch.
    through: u64,
}

impl Batch {
    pub(super) fn values(&self) -> &BTreeMap<String, Pending> {
        &self.values
    }

    /// The keys after `cursor`, ascending, and whether each exists or was deleted.
    pub(super) fn keys_after(&self, cursor: Option<&str>) -> impl Iterator<Item = (&str, bool)> {
        let start = cursor.map_or(Bound::Unbounded, Bound::Excluded);
        self.values
            .range::<str, _>((start, Bound::Unbounded))
            .map(|(key, value)| (key.as_str(), value.is_some()))
    }

    fn put(&mut self, key: &str, value: Pending) {
        self.bytes += value.as_deref().map_or(0, <[u8]>::len);
        match self.values.get_mut(key) {
            Some(there) => {
                let replaced = mem::replace(there, value);
                self.bytes -= replaced.as_deref().map_or(0, <[u8]>::len);
            }
            None => {
                self.bytes += key.len();
                self.values.insert(key.to_owned(), value);
            }
        }
    }

    /// Whether it is at least one `parts`-th full.
    fn holds_a_part(&self, parts: usize) -> bool {
        self.values.len() >= BATCH_ENTRIES_MAX / parts || self.bytes >= BATCH_BYTES_MAX / parts
    }
}

/// All values as they are now.
pub(super) struct Overlay {
    open: Batch,
    frozen: Option<Arc<Batch>>,
    snapshot: Arc<Snapshot>,
}

/// What a commit made superfluous, to be dropped outside the lock.
pub(super) type Superseded = (Arc<Snapshot>, Option<Arc<Batch>>);

impl Overlay {
    pub(super) fn new(snapshot: Snapshot) -> Self {
        Self { open: Batch::default(), frozen: None, snapshot: Arc::new(snapshot) }
    }

    /// The uncommitted value, if there is one; if not, the [`snapshot`](Self::snapshot) has the current one.
    pub(super) fn pending(&self, key: &str) -> Option<&Pending> {
        self.open.values.get(key).or_else(|| self.frozen.as_ref()?.values.get(key))
    }

    /// Calls `look` with the current value, pending or committed.
    pub(super) fn current<T>(
        &self,
        key: &str,
        look: impl FnOnce(Option<&[u8]>) -> T,
    ) -> Result<T, KeyValueError> {
        match self.pending(key) {
            Some(pending) => Ok(look(pending.as_deref())),
            None => committed(&self.snapshot, key, look),
        }
    }

    pub(super) fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    pub(super) fn open(&self) -> &Batch {
        &self.open
    }

    pub(super) fn frozen(&self) -> Option<&Arc<Batch>> {
        self.frozen.as_ref()
    }

    /// Writes into the open batch, as the write with this number.
    pub(super) fn put(&mut self, key: &str, value: Pending, number: u64) {
        self.open.put(key, value);
        self.open.through = number;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.values.is_empty() && self.frozen.is_none()
    }

    /// Whether the open batch is full.
    pub(super) fn is_full(&self) -> bool {
        self.open.holds_a_part(1)
    }

    /// Whether the open batch should be committed, before it is full.
    pub(super) fn is_half_full(&self) -> bool {
        self.open.holds_a_part(2)
    }

    /// The batch to commit next: the one that failed before, or the open one, which this freezes.
    pub(super) fn freeze(&mut self) -> Arc<Batch> {
        let open = &mut self.open;
        Arc::clone(self.frozen.get_or_insert_with(|| Arc::new(mem::take(open))))
    }

    /// Switches to a snapshot that contains the frozen batch. Returns the last write that is now durable.
    pub(super) fn committed(&mut self, snapshot: Snapshot) -> (Option<u64>, Superseded) {
        let frozen = self.frozen.take();
        let through = frozen.as_ref().map(|batch| batch.through);
        (through, (self.reopened(snapshot), frozen))
    }

    /// Switches to a snapshot of the reopened file; pending writes stay pending.
    pub(super) fn reopened(&mut self, snapshot: Snapshot) -> Arc<Snapshot> {
        mem::replace(&mut self.snapshot, Arc::new(snapshot))
    }
}

/// Calls `look` with the value in a snapshot.
pub(super) fn committed<T>(
    snapshot: &Snapshot,
    key: &str,
    look: impl FnOnce(Option<&[u8]>) -> T,
) -> Result<T, KeyValueError> {
    let value = snapshot.get(key).map_err(|error| KeyValueError::Backend(error.to_string()))?;
    Ok(look(value.as_ref().map(|value| value.value())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_counts_the_bytes_it_holds() {
        let mut batch = Batch::default();
        batch.put("key", Some(Arc::from(*b"value")));
        assert_eq!(batch.bytes, 8);
        batch.put("key", Some(Arc::from(*b"longer value")));
        assert_eq!(batch.bytes, 15);
        batch.put("key", None);
        assert_eq!(batch.bytes, 3);
        assert_eq!(batch.values.len(), 1, "a deletion has to be committed too");
    }

    #[test]
    fn a_batch_is_full_by_entries_or_by_bytes() {
        let mut many = Batch::default();
        for number in 0..BATCH_ENTRIES_MAX {
            assert!(!many.holds_a_part(1));
            many.put(&number.to_string(), None);
        }
        assert!(many.holds_a_part(1));

        let mut large = Batch::default();
        large.put("k", Some(vec![0; BATCH_BYTES_MAX / 2].into()));
        assert!(large.holds_a_part(2) && !large.holds_a_part(1));
        large.put("l", Some(vec![0; BATCH_BYTES_MAX / 2].into()));
        assert!(large.holds_a_part(1));
    }
}
