//! The faults of Spin's own stores, reproduced on purpose: what is exact under them is exact on Spin.
//!
//! With both stores, `list-keys` takes no cursor, and `spin:redis` waits for answers without a timeout.
//!
//! [`Quirks::Spin`] is the SQLite store. A swap whose handle saw nothing, because the key was absent or
//! `current` was never called, overwrites whatever is there. `get-many` omits absent keys and returns the
//! rest in an order of its own. `increment` of a value that is not a number panics, which ends the
//! instance; Spin's store then answers nothing until a restart, which is not reproduced.
//!
//! [`Quirks::SpinRedis`] is the Redis store. A swap that wrote reports failure, a swap that found another
//! value reports success without having written, and `get-many` fails.

use std::time::Duration;

use tollgate_kv::{Increment, Swap};
use wasmtime::component::{HasData, Linker, Resource};

use super::spin::list_all;
use super::{Bucket, Cas, KeyValueHost, KeyValueView, spin_wit, too_many_handles};
use crate::bindings::wasi::keyvalue::atomics::{self, CasError, HostCas};
use crate::bindings::wasi::keyvalue::batch;
use crate::bindings::wasi::keyvalue::store::{self, Error, HostBucket, KeyResponse};

/// How long a write waits for its turn at Spin's file. Others write meanwhile; without this delay they
/// would seldom do so between a `current` and its `swap`.
const UPSERT_DELAY: Duration = Duration::from_millis(2);

/// A host whose faults are reproduced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Quirks {
    /// Spin with its SQLite key-value store.
    Spin,
    /// Spin with its Redis key-value store.
    SpinRedis,
}

/// What the host functions borrow of an instance's data.
pub struct SpinView<'a> {
    /// The store without faults.
    pub plain: KeyValueView<'a>,
    /// Whether the store is Redis and not SQLite.
    pub redis: bool,
}

/// Names [`SpinView`] for the generated code.
struct SpinHost;

impl HasData for SpinHost {
    type Data<'a> = SpinView<'a>;
}

/// Gives the guests of `linker` both key-value interfaces; `wasi:keyvalue` with Spin's faults.
///
/// # Errors
/// When the linker has one of them already.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> SpinView<'_>,
    plain: fn(&mut T) -> KeyValueView<'_>,
) -> wasmtime::Result<()> {
    store::add_to_linker::<_, SpinHost>(linker, view)?;
    batch::add_to_linker::<_, SpinHost>(linker, view)?;
    atomics::add_to_linker::<_, SpinHost>(linker, view)?;
    spin_wit::add_to_linker::<_, KeyValueHost>(linker, plain)
}

impl atomics::Host for SpinView<'_> {
    async fn increment(
        &mut self,
        _bucket: Resource<Bucket>,
        key: String,
        delta: i64,
    ) -> wasmtime::Result<Result<i64, Error>> {
        match self.plain.ctx.store.increment(&key, delta).await {
            Ok(Increment::Sum(sum)) => Ok(Ok(sum)),
            Ok(Increment::NotANumber) if self.redis => {
                Ok(Err(Error::Other("value is not an integer".to_owned())))
            }
            Ok(Increment::NotANumber) => wasmtime::bail!("Spin panics: {key:?} is no number"),
            Err(error) => Ok(Err(error.into())),
        }
    }

    async fn swap(
        &mut self,
        cas: Resource<Cas>,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), CasError>> {
        let Cas { key, seen, .. } = self.plain.close(cas)?;
        let store = &self.plain.ctx.store;
        let swapped = match seen {
            None if !self.redis => {
                tokio::time::sleep(UPSERT_DELAY).await;
                store.set(&key, value).await.map(|()| Swap::Done)
            }
            seen => store.swap(&key, seen.as_deref(), value).await,
        };
        let told = match swapped {
            Ok(told) => told,
            Err(error) => return Ok(Err(CasError::StoreError(error.into()))),
        };
        if (told == Swap::Done) != self.redis {
            return Ok(Ok(()));
        }
        Ok(Err(self.retry(key).await?))
    }
}

impl HostCas for SpinView<'_> {
    async fn new(
        &mut self,
        _bucket: Resource<Bucket>,
        key: String,
    ) -> wasmtime::Result<Result<Resource<Cas>, Error>> {
        self.open_cas(key)
    }

    async fn current(
        &mut self,
        cas: Resource<Cas>,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        self.plain.current(cas).await
    }

    async fn drop(&mut self, cas: Resource<Cas>) -> wasmtime::Result<()> {
        HostCas::drop(&mut self.plain, cas).await
    }
}

impl SpinView<'_> {
    /// A handle that has seen nothing yet.
    fn open_cas(&mut self, key: String) -> wasmtime::Result<Result<Resource<Cas>, Error>> {
        let handle = self.plain.open(Cas { key, seen: None, untold: false })?;
        Ok(handle.ok_or_else(too_many_handles))
    }

    /// What a failed swap returns: a new handle, which has seen the current value.
    async fn retry(&mut self, key: String) -> wasmtime::Result<CasError> {
        let retry = match self.open_cas(key)? {
            Ok(retry) => retry,
            Err(error) => return Ok(CasError::StoreError(error)),
        };
        let seen = self.plain.current(Resource::new_borrow(retry.rep())).await?;
        Ok(match seen {
            Ok(_) => CasError::CasFailed(retry),
            Err(error) => CasError::StoreError(error),
        })
    }
}

impl batch::Host for SpinView<'_> {
    async fn get_many(
        &mut self,
        bucket: Resource<Bucket>,
        mut keys: Vec<String>,
    ) -> wasmtime::Result<Result<Vec<(String, Option<Vec<u8>>)>, Error>> {
        if self.redis {
            return Ok(Err(Error::Other("wrong number of arguments".to_owned())));
        }
        keys.sort_unstable();
        let mut found = self.plain.get_many(bucket, keys).await?;
        if let Ok(found) = &mut found {
            found.retain(|(_, value)| value.is_some());
        }
        Ok(found)
    }

    async fn set_many(
        &mut self,
        bucket: Resource<Bucket>,
        key_values: Vec<(String, Vec<u8>)>,
    ) -> wasmtime::Result<Result<(), Error>> {
        self.plain.set_many(bucket, key_values).await
    }

    async fn delete_many(
        &mut self,
        bucket: Resource<Bucket>,
        keys: Vec<String>,
    ) -> wasmtime::Result<Result<(), Error>> {
        self.plain.delete_many(bucket, keys).await
    }
}

impl store::Host for SpinView<'_> {
    async fn open(
        &mut self,
        identifier: String,
    ) -> wasmtime::Result<Result<Resource<Bucket>, Error>> {
        store::Host::open(&mut self.plain, identifier).await
    }
}

impl HostBucket for SpinView<'_> {
    async fn list_keys(
        &mut self,
        _bucket: Resource<Bucket>,
        cursor: Option<String>,
    ) -> wasmtime::Result<Result<KeyResponse, Error>> {
        if cursor.is_some() {
            return Ok(Err(Error::Other("list_keys: cursor not supported".to_owned())));
        }
        let (keys, end) = list_all(&*self.plain.ctx.store).await;
        let told = end.map(|()| KeyResponse { keys, cursor: None });
        Ok(told.map_err(|error| Error::Other(format!("{error:?}"))))
    }

    async fn get(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        self.plain.get(bucket, key).await
    }

    async fn set(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Error>> {
        self.plain.set(bucket, key, value).await
    }

    async fn delete(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
    ) -> wasmtime::Result<Result<(), Error>> {
        self.plain.delete(bucket, key).await
    }

    async fn exists(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
    ) -> wasmtime::Result<Result<bool, Error>> {
        self.plain.exists(bucket, key).await
    }

    async fn drop(&mut self, bucket: Resource<Bucket>) -> wasmtime::Result<()> {
        HostBucket::drop(&mut self.plain, bucket).await
    }
}
