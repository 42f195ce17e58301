//! A store whose records are kept by one Durable Object each.

use tollgate_core::Span;
use tollgate_store::{Loaded, Store, StoreError, Swap};
use worker::js_sys::Uint8Array;
use worker::wasm_bindgen::prelude::*;
use worker::{Env, ObjectNamespace, Stub, wasm_bindgen, wasm_bindgen_futures};

/// The name under which `wrangler.toml` binds the objects.
const BINDING: &str = "RECORDS";

/// All objects.
pub(crate) struct Objects(ObjectNamespace);

#[wasm_bindgen]
extern "C" {
    /// An object, as others call its methods (`object.rs`).
    type RemoteRecord;

    #[wasm_bindgen(method, catch)]
    async fn load(this: &RemoteRecord, key: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    async fn swap(
        this: &RemoteRecord,
        key: &str,
        seen: Option<Uint8Array>,
        record: Uint8Array,
    ) -> Result<JsValue, JsValue>;
}

impl Objects {
    /// The objects that the Worker is bound to.
    pub(crate) fn bound(env: &Env) -> worker::Result<Self> {
        env.durable_object(BINDING).map(Self)
    }

    /// The object that keeps a record. There is one for every name, wherever it is asked from.
    pub(crate) fn object(&self, record_key: &str) -> worker::Result<Stub> {
        self.0.get_by_name(record_key)
    }

    fn remote(&self, record_key: &str) -> Result<RemoteRecord, StoreError> {
        let object = self.object(record_key);
        Ok(object.map_err(|error| StoreError::Unavailable(error.to_string()))?.into_rpc())
    }
}

impl Store for Objects {
    type Token = Option<Vec<u8>>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        let value = self.remote(key)?.load(key).await.map_err(unavailable)?;
        let record = (!value.is_undefined()).then(|| Uint8Array::new(&value).to_vec());
        Ok(Loaded { token: record.clone(), record })
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        _: Span,
    ) -> Result<Swap, StoreError> {
        let seen = token.as_deref().map(Uint8Array::from);
        let swapped = self.remote(key)?.swap(key, seen, record.into()).await;
        let is_done = swapped.map_err(unavailable)?.is_truthy();
        Ok(if is_done { Swap::Done } else { Swap::Conflict })
    }
}

/// What JavaScript threw.
pub(crate) fn unavailable(error: JsValue) -> StoreError {
    StoreError::Unavailable(worker::Error::from(error).to_string())
}
