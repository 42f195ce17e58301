//! A store in the memory of this process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::{Loaded, Store, StoreError, Swap};

/// Records in a map: exact, shared by all threads, gone with the process.
///
/// It has no bound of its own on the number of keys; it is meant for tests and for replays.
#[derive(Debug, Default)]
pub struct MemoryStore {
    records: Mutex<HashMap<String, Vec<u8>>>,
}

impl Store for MemoryStore {
    type Token = Option<Vec<u8>>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let record = records.get(key).cloned();
        Ok(Loaded { token: record.clone(), record })
    }

    async fn swap(&self, key: &str, token: Self::Token, record: &[u8]) -> Result<Swap, StoreError> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if records.get(key) != token.as_ref() {
            return Ok(Swap::Conflict);
        }
        records.insert(key.to_owned(), record.to_vec());
        Ok(Swap::Done)
    }
}
