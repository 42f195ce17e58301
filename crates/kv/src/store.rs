//! A key-value backend as a store of records.

use std::fmt;
use std::sync::Arc;

use tollgate_core::Span;
use tollgate_store::{KeySwap, Loaded, Page, Store, StoreError, Swap, SweptStore};

use crate::contract::{Exchange, KeyValue, KeyValueError, New};

/// Makes any [`KeyValue`] a [`Store`]. The token is the value that was loaded.
///
/// Every error becomes [`StoreError::Unavailable`] with the backend's message.
///
/// ```
/// use std::sync::Arc;
/// use tollgate_core::Span;
/// use tollgate_kv::{KeyValueStore, Memory, Swap};
/// use tollgate_store::Store;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = KeyValueStore::new(Arc::new(Memory::default()));
/// let seen = store.load("k").await.unwrap();
/// assert_eq!(seen.record, None);
/// assert_eq!(store.swap("k", seen.token, b"one", Span::NEVER).await, Ok(Swap::Done));
/// # });
/// ```
#[derive(Clone)]
pub struct KeyValueStore(Arc<dyn KeyValue>);

impl KeyValueStore {
    /// A store of the records in `values`.
    #[must_use]
    pub fn new(values: Arc<dyn KeyValue>) -> Self {
        Self(values)
    }
}

impl fmt::Debug for KeyValueStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyValueStore").finish_non_exhaustive()
    }
}

impl Store for KeyValueStore {
    type Token = Option<Vec<u8>>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        let record = self.0.get(key).await.map_err(unavailable)?;
        Ok(Loaded { token: record.clone(), record })
    }

    fn recall(&self, key: &str) -> Option<Loaded<Self::Token>> {
        let record = self.0.recall(key)?;
        Some(Loaded { token: record.clone(), record })
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        let new = new(record.to_vec(), forget_after);
        self.0.exchange(key, token.as_deref(), new).await.map_err(unavailable)
    }

    async fn swap_all(
        &self,
        swaps: Vec<KeySwap<'_, Self::Token>>,
    ) -> Result<Option<Swap>, StoreError> {
        let exchanges = swaps.into_iter().map(|swap| Exchange {
            key: swap.key.to_owned(),
            expected: swap.token,
            new: new(swap.record, swap.forget_after),
        });
        self.0.exchange_all(&exchanges.collect::<Vec<_>>()).await.map_err(unavailable)
    }

    fn expires(&self) -> bool {
        self.0.expires()
    }
}

impl SweptStore for KeyValueStore {
    async fn list(&self, cursor: Option<&str>) -> Result<Page, StoreError> {
        self.0.list(cursor).await.map_err(unavailable)
    }

    async fn remove(&self, key: &str, token: Self::Token) -> Result<Swap, StoreError> {
        match token {
            Some(seen) => self.0.remove(key, &seen).await.map_err(unavailable),
            // If nothing was loaded, there is nothing to remove.
            None => Ok(Swap::Done),
        }
    }
}

/// What to write for a record that has to be kept for so long.
fn new(record: Vec<u8>, forget_after: Span) -> New {
    match forget_after {
        Span::NEVER => New::Value(record),
        forget_after => New::Expiring(record, forget_after),
    }
}

/// By value, so that it fits `map_err`.
fn unavailable(error: KeyValueError) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
