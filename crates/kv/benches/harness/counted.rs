//! A store that counts what it is asked, and may be told to remember nothing.

use std::sync::Arc;

use tollgate_core::Span;
use tollgate_kv::{KeyValue, KeyValueStore, Swap};
use tollgate_store::{Loaded, Metered, Store, StoreError, StoreTally};

use crate::harness::SystemClock;

pub(crate) struct Counted {
    store: Metered<KeyValueStore, SystemClock>,
    tally: Arc<StoreTally>,
    remembers: bool,
}

impl Counted {
    pub(crate) fn new(values: &Arc<dyn KeyValue>, remembers: bool) -> Self {
        let (store, tally) = (KeyValueStore::new(Arc::clone(values)), Arc::default());
        Self { store: Metered::untimed(store, Arc::clone(&tally)), tally, remembers }
    }

    /// Loads and swaps so far, those that lost included.
    pub(crate) fn operations(&self) -> f64 {
        let operations = self.tally.operations();
        operations.iter().map(|it| it.done + it.conflicts).sum::<u64>() as f64
    }
}

impl Store for Counted {
    type Token = Option<Vec<u8>>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        self.store.load(key).await
    }

    fn recall(&self, key: &str) -> Option<Loaded<Self::Token>> {
        if self.remembers { self.store.recall(key) } else { None }
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        self.store.swap(key, token, record, forget_after).await
    }
}
