//! The storage of one Durable Object as a store: one record, exact without asking twice.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tollgate_core::Span;
use tollgate_service::is_of_tenant;
use tollgate_store::{Loaded, Store, StoreError, Swap};
use worker::js_sys::Uint8Array;
use worker::wasm_bindgen;
use worker::wasm_bindgen::prelude::*;

use crate::objects::{Objects, unavailable};

/// How long a record has to have been idle before it is removed. An object tells the time by the machine
/// that it is on; whose clock is behind by less than this would not have told the record from none either.
pub(crate) const IDLE_GRACE: Span = Span::from_secs(5);

/// Where one object keeps its record.
pub(crate) struct Storage {
    storage: worker::Storage,
    kv: SyncKv,
    /// Whether an alarm is known to be set.
    is_alarm_set: Cell<bool>,
}

#[wasm_bindgen]
extern "C" {
    /// The storage of an object that is kept in SQLite.
    type SqliteStorage;

    #[wasm_bindgen(method, getter, catch)]
    fn kv(this: &SqliteStorage) -> Result<SyncKv, JsValue>;

    /// Values by key, read and written at once: nothing else happens in the object meanwhile. What is
    /// answered afterwards leaves the object when the write is on disk.
    type SyncKv;

    #[wasm_bindgen(method, catch)]
    fn get(this: &SyncKv, key: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn put(this: &SyncKv, key: &str, value: &Uint8Array) -> Result<(), JsValue>;
}

impl Storage {
    /// The storage of this object.
    pub(crate) fn new(storage: worker::Storage) -> Result<Self, StoreError> {
        let sqlite: &SqliteStorage = storage.as_raw().unchecked_ref();
        let kv = sqlite.kv().map_err(unavailable)?;
        Ok(Self { storage, kv, is_alarm_set: Cell::new(false) })
    }

    /// The record under `key`.
    pub(crate) fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.kv.get(key).map_err(unavailable)?;
        Ok((!value.is_undefined()).then(|| Uint8Array::new(&value).to_vec()))
    }

    /// Writes the record under `key` if that still holds what was seen.
    pub(crate) async fn put(
        &self,
        key: &str,
        seen: Option<&[u8]>,
        record: &[u8],
    ) -> Result<Swap, StoreError> {
        // The alarm first: if it can't be set, nothing was charged.
        if !self.is_alarm_set.get() {
            self.set_first_alarm().await?;
        }
        if self.get(key)?.as_deref() != seen {
            return Ok(Swap::Conflict);
        }
        self.kv.put(key, &record.into()).map_err(unavailable)?;
        Ok(Swap::Done)
    }

    /// Has the object woken up to look whether its record is idle, unless it will be.
    async fn set_first_alarm(&self) -> Result<(), StoreError> {
        if self.storage.get_alarm().await.map_err(failed)?.is_none() {
            self.set_alarm(IDLE_GRACE).await?;
        }
        self.is_alarm_set.set(true);
        Ok(())
    }

    /// Has the object woken up in so long. What is beyond the range of dates is for ever.
    pub(crate) async fn set_alarm(&self, span: Span) -> Result<(), StoreError> {
        let span = Duration::from_millis(span.as_millis_ceil());
        self.storage.set_alarm(span).await.map_err(failed)?;
        self.is_alarm_set.set(true);
        Ok(())
    }

    /// The alarm went off.
    pub(crate) fn woken(&self) {
        self.is_alarm_set.set(false);
    }

    /// The key of the record, if there is one.
    pub(crate) async fn key(&self) -> Result<Option<String>, StoreError> {
        let first = self.storage.list().await.map_err(failed)?.keys().next();
        let first = first.map_err(unavailable)?;
        Ok(first.value().as_string())
    }

    /// Removes everything: an object without anything is no more.
    pub(crate) async fn remove(&self) -> Result<(), StoreError> {
        // Alarms are removed, too.
        self.is_alarm_set.set(false);
        self.storage.delete_all().await.map_err(failed)
    }
}

/// The same, for the service of the object. What is of its whole tenant is with another object.
pub(crate) struct OwnRecord {
    pub(crate) own: Rc<Storage>,
    pub(crate) others: Objects,
}

impl Store for OwnRecord {
    type Token = Option<Vec<u8>>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        if is_of_tenant(key) {
            return self.others.load(key).await;
        }
        let record = self.own.get(key)?;
        Ok(Loaded { token: record.clone(), record })
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        if is_of_tenant(key) {
            return self.others.swap(key, token, record, forget_after).await;
        }
        self.own.put(key, token.as_deref(), record).await
    }
}

fn failed(error: worker::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
