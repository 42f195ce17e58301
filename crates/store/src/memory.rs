//! A store in the memory of this process.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tollgate_core::Span;

use crate::{KeySwap, Loaded, Page, Store, StoreError, Swap, SweptStore};

/// Keys of one page.
const PAGE_KEYS: usize = 1_000;

/// Records in a sorted map: exact, shared by all threads, gone with the process.
///
/// It has no bound of its own on the number of keys; it is meant for tests and for replays.
#[derive(Debug, Default)]
pub struct MemoryStore {
    records: Mutex<Records>,
}

type Records = BTreeMap<String, Vec<u8>>;

impl MemoryStore {
    /// Nothing panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    type Token = Option<Vec<u8>>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        let record = self.lock().get(key).cloned();
        Ok(Loaded { token: record.clone(), record })
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        _: Span,
    ) -> Result<Swap, StoreError> {
        let mut records = self.lock();
        if records.get(key) != token.as_ref() {
            return Ok(Swap::Conflict);
        }
        records.insert(key.to_owned(), record.to_vec());
        Ok(Swap::Done)
    }

    async fn swap_all(
        &self,
        swaps: Vec<KeySwap<'_, Self::Token>>,
    ) -> Result<Option<Swap>, StoreError> {
        let mut records = self.lock();
        if swaps.iter().any(|swap| records.get(swap.key) != swap.token.as_ref()) {
            return Ok(Some(Swap::Conflict));
        }
        records.extend(swaps.into_iter().map(|swap| (swap.key.to_owned(), swap.record)));
        Ok(Some(Swap::Done))
    }
}

impl SweptStore for MemoryStore {
    async fn list(&self, cursor: Option<&str>) -> Result<Page, StoreError> {
        let start = cursor.map_or(Bound::Unbounded, Bound::Excluded);
        let records = self.lock();
        let mut after = records.range::<str, _>((start, Bound::Unbounded)).map(|(key, _)| key);
        let keys: Vec<String> = after.by_ref().take(PAGE_KEYS).cloned().collect();
        let cursor = after.next().and_then(|_| keys.last().cloned());
        Ok(Page { keys, cursor })
    }

    async fn remove(&self, key: &str, token: Self::Token) -> Result<Swap, StoreError> {
        let mut records = self.lock();
        if records.get(key) != token.as_ref() {
            return Ok(Swap::Conflict);
        }
        records.remove(key);
        Ok(Swap::Done)
    }
}
