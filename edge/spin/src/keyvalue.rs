//! `wasi:keyvalue`, as the store needs it.
//!
//! All of it is synchronous: the instance blocks while the host answers, so nothing is awaited between
//! comparing a value and swapping it. A compare-and-swap handle is opened only to write, never to read:
//! opening, reading and dropping it are three calls, and a denial needs only one.

use std::cell::OnceCell;

use tollgate_store::{Atomics, ListedAtomics, Page, StoreError, Swap};

use crate::bindings::wasi::keyvalue::atomics::{self, Cas, CasError};
use crate::bindings::wasi::keyvalue::store::{self, Bucket, Error};

/// The label of the store; `spin.toml` grants it.
const LABEL: &str = "default";

/// Spin's default key-value store, opened on first use.
#[derive(Default)]
pub(crate) struct KeyValue {
    bucket: OnceCell<Bucket>,
}

impl KeyValue {
    fn bucket(&self) -> Result<&Bucket, StoreError> {
        if let Some(bucket) = self.bucket.get() {
            return Ok(bucket);
        }
        let bucket = store::open(LABEL).map_err(store_error)?;
        Ok(self.bucket.get_or_init(|| bucket))
    }
}

impl Atomics for KeyValue {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.bucket()?.get(key).map_err(store_error)
    }

    async fn swap(&self, key: &str, seen: Option<&[u8]>, value: &[u8]) -> Result<Swap, StoreError> {
        let cas = Cas::new(self.bucket()?, key).map_err(store_error)?;
        // Called even if the key was seen absent: Spin takes a swap without `current` as a creation.
        if cas.current().map_err(store_error)?.as_deref() != seen {
            return Ok(Swap::Conflict);
        }
        swap_by(cas, value)
    }

    async fn create_twice(&self, key: &str) -> Result<[Swap; 2], StoreError> {
        let handle = || Cas::new(self.bucket()?, key).map_err(store_error);
        let (first, second) = (handle()?, handle()?);
        for handle in [&first, &second] {
            handle.current().map_err(store_error)?;
        }
        Ok([swap_by(first, b"1")?, swap_by(second, b"2")?])
    }

    async fn increment(&self, key: &str) -> Result<i64, StoreError> {
        atomics::increment(self.bucket()?, key, 1).map_err(store_error)
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.bucket()?.set(key, value).map_err(store_error)
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.bucket()?.delete(key).map_err(store_error)
    }
}

impl ListedAtomics for KeyValue {
    /// Spin has no cursors: the first page has all keys.
    async fn list(&self, cursor: Option<&str>) -> Result<Page, StoreError> {
        let page = self.bucket()?.list_keys(cursor).map_err(store_error)?;
        Ok(Page { keys: page.keys, cursor: page.cursor })
    }
}

fn swap_by(cas: Cas, value: &[u8]) -> Result<Swap, StoreError> {
    match atomics::swap(cas, value) {
        Ok(()) => Ok(Swap::Done),
        // The new handle is dropped, which frees it.
        Err(CasError::CasFailed(_)) => Ok(Swap::Conflict),
        Err(CasError::StoreError(error)) => Err(store_error(error)),
    }
}

fn store_error(error: Error) -> StoreError {
    match error {
        Error::NoSuchStore => StoreError::Unavailable(format!("there is no store {LABEL:?}")),
        Error::AccessDenied => StoreError::Unavailable(format!(
            "the store {LABEL:?} is not granted; add it to key_value_stores in spin.toml"
        )),
        Error::Other(message) => StoreError::Unavailable(message),
    }
}
