//! `wasi:keyvalue/store`: get, set, delete, exists, list-keys.

use wasmtime::component::Resource;

use super::{Bucket, KeyValueView, STORE_LABEL, too_many_handles};
use crate::bindings::wasi::keyvalue::store::{Error, Host, HostBucket, KeyResponse};

impl Host for KeyValueView<'_> {
    async fn open(
        &mut self,
        identifier: String,
    ) -> wasmtime::Result<Result<Resource<Bucket>, Error>> {
        if identifier != STORE_LABEL {
            return Ok(Err(Error::NoSuchStore));
        }
        Ok(self.open(Bucket)?.ok_or_else(too_many_handles))
    }
}

impl HostBucket for KeyValueView<'_> {
    async fn get(
        &mut self,
        _bucket: Resource<Bucket>,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        Ok(self.ctx.store.get(&key).await.map_err(Error::from))
    }

    async fn set(
        &mut self,
        _bucket: Resource<Bucket>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.ctx.store.set(&key, value).await.map_err(Error::from))
    }

    async fn delete(
        &mut self,
        _bucket: Resource<Bucket>,
        key: String,
    ) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.ctx.store.delete(&key).await.map_err(Error::from))
    }

    async fn exists(
        &mut self,
        _bucket: Resource<Bucket>,
        key: String,
    ) -> wasmtime::Result<Result<bool, Error>> {
        let value = self.ctx.store.get(&key).await;
        Ok(value.map(|value| value.is_some()).map_err(Error::from))
    }

    /// The cursor is the store's own, so a listing continues where it was even if keys come and go
    /// meanwhile. An unordered store may list a key more than once.
    async fn list_keys(
        &mut self,
        _bucket: Resource<Bucket>,
        cursor: Option<String>,
    ) -> wasmtime::Result<Result<KeyResponse, Error>> {
        let page = self.ctx.store.list(cursor.as_deref()).await;
        Ok(page
            .map(|page| KeyResponse { keys: page.keys, cursor: page.cursor })
            .map_err(Error::from))
    }

    async fn drop(&mut self, bucket: Resource<Bucket>) -> wasmtime::Result<()> {
        self.close(bucket).map(drop)
    }
}
