//! A store that can fail.

use std::cell::Cell;
use std::rc::Rc;

use tollgate_core::Span;
use tollgate_store::{KeySwap, Loaded, MemoryStore, Page, Store, StoreError, Swap, SweptStore};

/// A store in memory that can be made to fail.
#[derive(Default)]
pub(crate) struct TestStore {
    pub(super) records: Rc<MemoryStore>,
    pub(super) fault: Rc<Cell<Fault>>,
    /// How often it was asked for a record.
    pub(super) loads: Rc<Cell<u64>>,
}

#[derive(Default, Clone, Copy)]
pub(crate) enum Fault {
    #[default]
    None,
    Load,
    Swap,
    Conflicts,
    /// It swaps one key at a time.
    OneByOne,
    /// It never answers.
    Silent,
    Inexact,
}

impl Store for TestStore {
    type Token = <MemoryStore as Store>::Token;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        self.loads.set(self.loads.get() + 1);
        match self.fault.get() {
            Fault::Load => Err(StoreError::Unavailable("no route".into())),
            Fault::Silent => std::future::pending().await,
            _ => self.records.load(key).await,
        }
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        match self.fault.get() {
            Fault::Swap => Err(StoreError::Unavailable("read only".into())),
            Fault::Conflicts => Ok(Swap::Conflict),
            Fault::Inexact => Err(StoreError::Inexact),
            _ => self.records.swap(key, token, record, forget_after).await,
        }
    }

    async fn swap_all(
        &self,
        swaps: Vec<KeySwap<'_, Self::Token>>,
    ) -> Result<Option<Swap>, StoreError> {
        match self.fault.get() {
            Fault::Swap => Err(StoreError::Unavailable("read only".into())),
            Fault::Conflicts => Ok(Some(Swap::Conflict)),
            Fault::OneByOne | Fault::Inexact => Ok(None),
            _ => self.records.swap_all(swaps).await,
        }
    }

    async fn overwrite(&self, key: &str, record: &[u8]) -> Result<(), StoreError> {
        let seen = self.records.load(key).await?;
        self.records.swap(key, seen.token, record, Span::NEVER).await.map(drop)
    }
}

impl SweptStore for TestStore {
    async fn list(&self, cursor: Option<&str>) -> Result<Page, StoreError> {
        match self.fault.get() {
            Fault::Load => Err(StoreError::Unavailable("no route".into())),
            _ => self.records.list(cursor).await,
        }
    }

    async fn remove(&self, key: &str, token: Self::Token) -> Result<Swap, StoreError> {
        match self.fault.get() {
            Fault::Swap => Err(StoreError::Unavailable("read only".into())),
            Fault::Inexact => Err(StoreError::Inexact),
            _ => self.records.remove(key, token).await,
        }
    }
}
