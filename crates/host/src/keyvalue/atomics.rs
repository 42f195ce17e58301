//! `wasi:keyvalue/atomics`: increment, and compare-and-swap.
//!
//! `cas.new` reads the key and remembers what it saw, and so does every later `current`. (The first
//! `current` returns what `new` saw, to save a second read.) `swap` writes only if the key still holds
//! what was seen last, absence included: of two first writers one wins. So a `swap` without a `current`
//! compares with the value at the time of `new`.
//! A swap that lost returns a new handle, which has seen the value that won.

use tollgate_kv::{Increment, KeyValue, KeyValueError, Swap};
use wasmtime::component::Resource;

use super::{Bucket, Cas, KeyValueView, too_many_handles};
use crate::bindings::wasi::keyvalue::atomics::{CasError, Host, HostCas};
use crate::bindings::wasi::keyvalue::store::Error;

impl Host for KeyValueView<'_> {
    async fn increment(
        &mut self,
        _bucket: Resource<Bucket>,
        key: String,
        delta: i64,
    ) -> wasmtime::Result<Result<i64, Error>> {
        Ok(match self.ctx.store.increment(&key, delta).await {
            Ok(Increment::Sum(sum)) => Ok(sum),
            Ok(Increment::NotANumber) => Err(Error::Other(
                "the value is no number of 8 bytes, or the sum does not fit; nothing was changed"
                    .to_owned(),
            )),
            Err(error) => Err(error.into()),
        })
    }

    async fn swap(
        &mut self,
        cas: Resource<Cas>,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), CasError>> {
        let Cas { key, seen, .. } = self.close(cas)?;
        let swapped = self.ctx.store.swap(&key, seen.as_deref(), value).await;
        Ok(match swapped {
            Ok(Swap::Done) => Ok(()),
            Ok(Swap::Conflict) => Err(match self.open_cas(key).await? {
                Ok(retry) => CasError::CasFailed(retry),
                Err(error) => CasError::StoreError(error),
            }),
            Err(error) => Err(CasError::StoreError(error.into())),
        })
    }
}

impl HostCas for KeyValueView<'_> {
    async fn new(
        &mut self,
        _bucket: Resource<Bucket>,
        key: String,
    ) -> wasmtime::Result<Result<Resource<Cas>, Error>> {
        self.open_cas(key).await
    }

    async fn current(
        &mut self,
        cas: Resource<Cas>,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        let handle = self.table.get_mut(&cas)?;
        let current = handle.current(&*self.ctx.store).await;
        Ok(current.map_err(Error::from))
    }

    async fn drop(&mut self, cas: Resource<Cas>) -> wasmtime::Result<()> {
        self.close(cas).map(drop)
    }
}

impl KeyValueView<'_> {
    async fn open_cas(&mut self, key: String) -> wasmtime::Result<Result<Resource<Cas>, Error>> {
        let seen = match self.ctx.store.get(&key).await {
            Ok(seen) => seen,
            Err(error) => return Ok(Err(error.into())),
        };
        let untold = true;
        let handle = self.open(Cas { key, seen, untold })?;
        Ok(handle.ok_or_else(too_many_handles))
    }
}

impl Cas {
    async fn current(&mut self, store: &dyn KeyValue) -> Result<Option<Vec<u8>>, KeyValueError> {
        if self.untold {
            self.untold = false;
        } else {
            self.seen = store.get(&self.key).await?;
        }
        Ok(self.seen.clone())
    }
}
