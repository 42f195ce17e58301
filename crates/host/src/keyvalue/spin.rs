//! `spin:key-value`: Spin's own interface, without compare-and-swap.

use std::sync::Arc;

use tollgate_kv::KeyValue;
use wasmtime::component::{Accessor, FutureReader, Resource, StreamReader};

use super::{KeyValueHost, KeyValueView, LISTED_KEYS_MAX, STORE_LABEL, SpinStore};
use crate::bindings::spin::key_value::key_value::{Error, Host, HostStore, HostStoreWithStore};

impl Host for KeyValueView<'_> {}

impl HostStore for KeyValueView<'_> {
    fn drop(&mut self, handle: Resource<SpinStore>) -> wasmtime::Result<()> {
        self.close(handle).map(drop)
    }
}

impl<T: Send> HostStoreWithStore<T> for KeyValueHost {
    async fn open(
        accessor: &Accessor<T, Self>,
        label: String,
    ) -> wasmtime::Result<Result<Resource<SpinStore>, Error>> {
        if label != STORE_LABEL {
            return Ok(Err(Error::NoSuchStore));
        }
        let handle = accessor.with(|mut access| access.get().open(SpinStore))?;
        Ok(handle.ok_or(Error::StoreTableFull))
    }

    async fn get(
        accessor: &Accessor<T, Self>,
        _store: Resource<SpinStore>,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        Ok(store(accessor).get(&key).await.map_err(Error::from))
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        _store: Resource<SpinStore>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Error>> {
        Ok(store(accessor).set(&key, value).await.map_err(Error::from))
    }

    async fn delete(
        accessor: &Accessor<T, Self>,
        _store: Resource<SpinStore>,
        key: String,
    ) -> wasmtime::Result<Result<(), Error>> {
        Ok(store(accessor).delete(&key).await.map_err(Error::from))
    }

    async fn exists(
        accessor: &Accessor<T, Self>,
        _store: Resource<SpinStore>,
        key: String,
    ) -> wasmtime::Result<Result<bool, Error>> {
        let value = store(accessor).get(&key).await;
        Ok(value.map(|value| value.is_some()).map_err(Error::from))
    }

    /// Reads all keys before returning the first, so that a guest that writes while it lists sees a
    /// snapshot, page by page.
    async fn get_keys(
        accessor: &Accessor<T, Self>,
        _store: Resource<SpinStore>,
    ) -> wasmtime::Result<(StreamReader<String>, FutureReader<Result<(), Error>>)> {
        let (keys, result) = list_all(&*store(accessor)).await;
        accessor.with(|mut access| {
            let keys = StreamReader::new(&mut access, keys)?;
            let result = FutureReader::new(&mut access, async { wasmtime::error::Ok(result) })?;
            Ok((keys, result))
        })
    }
}

fn store<T>(accessor: &Accessor<T, KeyValueHost>) -> Arc<dyn KeyValue> {
    accessor.with(|mut access| Arc::clone(&access.get().ctx.store))
}

/// The keys found, and why there are not more.
pub(super) async fn list_all(store: &dyn KeyValue) -> (Vec<String>, Result<(), Error>) {
    let mut keys = Vec::new();
    let mut cursor = None;
    loop {
        let page = match store.list(cursor.as_deref()).await {
            Ok(page) => page,
            Err(error) => return (keys, Err(error.into())),
        };
        keys.extend(page.keys);
        if keys.len() > LISTED_KEYS_MAX {
            keys.truncate(LISTED_KEYS_MAX);
            return (keys, Err(too_many_keys()));
        }
        cursor = page.cursor;
        if cursor.is_none() {
            return (keys, Ok(()));
        }
    }
}

fn too_many_keys() -> Error {
    Error::Other(format!(
        "the store has more than {LISTED_KEYS_MAX} keys, list them in pages by wasi:keyvalue"
    ))
}
