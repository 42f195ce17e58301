//! `wasi:keyvalue/batch`: many keys in one call.
//!
//! Values are returned in the order of the keys, absent ones included. A batch that writes does not stop
//! at the first error: it tries every key, then returns the first error.

use futures::future::join_all;
use tollgate_kv::KeyValueError;
use wasmtime::component::Resource;

use super::{BATCH_BYTES_MAX, BATCH_KEYS_MAX, Bucket, KeyValueView};
use crate::bindings::wasi::keyvalue::batch::Host;
use crate::bindings::wasi::keyvalue::store::Error;

impl Host for KeyValueView<'_> {
    async fn get_many(
        &mut self,
        _bucket: Resource<Bucket>,
        keys: Vec<String>,
    ) -> wasmtime::Result<Result<Vec<(String, Option<Vec<u8>>)>, Error>> {
        Ok(self.read_batch(keys).await)
    }

    async fn set_many(
        &mut self,
        _bucket: Resource<Bucket>,
        key_values: Vec<(String, Vec<u8>)>,
    ) -> wasmtime::Result<Result<(), Error>> {
        if let Err(error) = check_length(key_values.len()) {
            return Ok(Err(error));
        }
        let store = &self.ctx.store;
        // Concurrently rather than one by one, so that the store commits many of them at once.
        let writes =
            key_values.into_iter().map(|(key, value)| async move { store.set(&key, value).await });
        Ok(first_error(join_all(writes).await))
    }

    async fn delete_many(
        &mut self,
        _bucket: Resource<Bucket>,
        keys: Vec<String>,
    ) -> wasmtime::Result<Result<(), Error>> {
        if let Err(error) = check_length(keys.len()) {
            return Ok(Err(error));
        }
        let deletes = keys.iter().map(|key| self.ctx.store.delete(key));
        Ok(first_error(join_all(deletes).await))
    }
}

impl KeyValueView<'_> {
    async fn read_batch(
        &mut self,
        keys: Vec<String>,
    ) -> Result<Vec<(String, Option<Vec<u8>>)>, Error> {
        check_length(keys.len())?;
        let mut found = Vec::with_capacity(keys.len());
        let mut bytes = 0;
        for key in keys {
            let value = self.ctx.store.get(&key).await?;
            bytes += value.as_ref().map_or(0, Vec::len);
            if bytes > BATCH_BYTES_MAX {
                return Err(Error::Other(format!(
                    "the values of this batch have more than {BATCH_BYTES_MAX} bytes, ask for fewer keys"
                )));
            }
            found.push((key, value));
        }
        Ok(found)
    }
}

fn check_length(keys: usize) -> Result<(), Error> {
    if keys > BATCH_KEYS_MAX {
        return Err(Error::Other(format!(
            "a batch has at most {BATCH_KEYS_MAX} keys, this one has {keys}"
        )));
    }
    Ok(())
}

fn first_error(results: Vec<Result<(), KeyValueError>>) -> Result<(), Error> {
    results.into_iter().collect::<Result<(), _>>().map_err(Error::from)
}
