//! One record for each caller, in Spin's key-value store.

use std::cell::OnceCell;

use crate::bindings::wasi::keyvalue::atomics::{self, Cas, CasError};
use crate::bindings::wasi::keyvalue::store::{self, Bucket, Error};

/// The label of the store; `spin.toml` grants it.
const LABEL: &str = "default";

thread_local! {
    static BUCKET: OnceCell<Bucket> = const { OnceCell::new() };
}

/// The record under `key`, if there is one.
pub(crate) fn load(key: &str) -> Result<Option<Vec<u8>>, String> {
    in_store(|bucket| bucket.get(key).map_err(told))
}

/// Writes `record` if `key` still holds what was seen, and says whether it was written.
pub(crate) fn swap(key: &str, seen: Option<&[u8]>, record: &[u8]) -> Result<bool, String> {
    in_store(|bucket| {
        let cas = Cas::new(bucket, key).map_err(told)?;
        if cas.current().map_err(told)?.as_deref() != seen {
            return Ok(false);
        }
        match atomics::swap(cas, record) {
            Ok(()) => Ok(true),
            Err(CasError::CasFailed(_)) => Ok(false),
            Err(CasError::StoreError(error)) => Err(told(error)),
        }
    })
}

fn in_store<T>(ask: impl FnOnce(&Bucket) -> Result<T, String>) -> Result<T, String> {
    BUCKET.with(|cell| {
        if let Some(bucket) = cell.get() {
            return ask(bucket);
        }
        let bucket = store::open(LABEL).map_err(told)?;
        ask(cell.get_or_init(|| bucket))
    })
}

fn told(error: Error) -> String {
    format!("the store {LABEL:?}: {error:?}")
}
