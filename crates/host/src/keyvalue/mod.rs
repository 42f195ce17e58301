//! Serves `wasi:keyvalue@0.2.0-draft2` and `spin:key-value@3.0.0` to a guest, both over one
//! [`KeyValue`].
//!
//! There is one store, labelled [`STORE_LABEL`]; any other label returns `no-such-store`.
//! Both interfaces see the same value under the same key.

mod atomics;
mod batch;
pub mod quirks;
mod spin;
mod store;

use std::sync::Arc;

use tollgate_kv::{KeyValue, KeyValueError};
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};

use crate::bindings::spin::key_value::key_value as spin_wit;
use crate::bindings::wasi::keyvalue as wasi_wit;

/// The only store there is, under the name that Spin gives its default store.
pub const STORE_LABEL: &str = "default";

/// Maximum handles (buckets, stores and compare-and-swap handles) one instance may hold at a time.
pub const HANDLES_MAX: usize = 1_024;

/// Maximum keys of one batch call.
pub const BATCH_KEYS_MAX: usize = 1_000;

/// Maximum bytes of values that one batch read returns.
pub const BATCH_BYTES_MAX: usize = 4 << 20;

/// Maximum keys that `spin:key-value` lists at once; `wasi:keyvalue` lists any number, in pages.
pub const LISTED_KEYS_MAX: usize = 100_000;

/// `wasi:keyvalue`'s handle to an open store.
pub struct Bucket;

/// `spin:key-value`'s handle to an open store.
pub struct SpinStore;

/// A pending compare-and-swap: the key, and the value that must still be there.
pub struct Cas {
    key: String,
    seen: Option<Vec<u8>>,
    /// `seen` was not returned yet, so the next `current` may return it without reading again.
    untold: bool,
}

/// What one instance knows of the store.
pub struct KeyValueCtx {
    store: Arc<dyn KeyValue>,
    handles: usize,
}

impl KeyValueCtx {
    /// An instance's view of `store`, without any open handle.
    pub fn new(store: Arc<dyn KeyValue>) -> Self {
        Self { store, handles: 0 }
    }
}

/// What the host functions borrow of an instance's data.
pub struct KeyValueView<'a> {
    /// The store and the count of its handles.
    pub ctx: &'a mut KeyValueCtx,
    /// Where the handles live, together with those of WASI.
    pub table: &'a mut ResourceTable,
}

impl KeyValueView<'_> {
    /// Makes a handle, or returns `None` when the instance already holds [`HANDLES_MAX`].
    fn open<T: Send + 'static>(&mut self, value: T) -> wasmtime::Result<Option<Resource<T>>> {
        if self.ctx.handles >= HANDLES_MAX {
            return Ok(None);
        }
        let handle = self.table.push(value)?;
        self.ctx.handles += 1;
        Ok(Some(handle))
    }

    fn close<T: 'static>(&mut self, handle: Resource<T>) -> wasmtime::Result<T> {
        let value = self.table.delete(handle)?;
        self.ctx.handles -= 1;
        Ok(value)
    }
}

/// Names [`KeyValueView`] for the generated code.
struct KeyValueHost;

impl HasData for KeyValueHost {
    type Data<'a> = KeyValueView<'a>;
}

/// Gives the guests of `linker` both key-value interfaces.
///
/// # Errors
/// When the linker has one of them already.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> KeyValueView<'_>,
) -> wasmtime::Result<()> {
    wasi_wit::store::add_to_linker::<_, KeyValueHost>(linker, view)?;
    wasi_wit::batch::add_to_linker::<_, KeyValueHost>(linker, view)?;
    wasi_wit::atomics::add_to_linker::<_, KeyValueHost>(linker, view)?;
    spin_wit::add_to_linker::<_, KeyValueHost>(linker, view)
}

fn too_many_handles() -> wasi_wit::store::Error {
    wasi_wit::store::Error::Other(format!(
        "too many open handles: this instance holds {HANDLES_MAX}, drop some"
    ))
}

impl From<KeyValueError> for wasi_wit::store::Error {
    fn from(error: KeyValueError) -> Self {
        Self::Other(error.to_string())
    }
}

impl From<KeyValueError> for spin_wit::Error {
    fn from(error: KeyValueError) -> Self {
        Self::Other(error.to_string())
    }
}
