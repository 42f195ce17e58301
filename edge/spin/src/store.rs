//! Where records are kept, as the variable `store` says.

use tollgate_core::Span;
use tollgate_store::{ElectedStore, Loaded, Page, Store, StoreError, Swap, SweptStore};

use crate::clock::SystemClock;
use crate::keyvalue::KeyValue;
use crate::redis::Redis;

/// The name of a key-value store whose creations are as exact as its swaps. Spin's are not, so this is not
/// documented for Spin.
const EXACT: &str = "exact-key-value";

/// One of the stores that Spin offers.
pub(crate) enum EdgeStore {
    /// Its key-value store: `key-value`.
    KeyValue(ElectedStore<KeyValue, SystemClock>),
    /// A Redis server, through a script: `redis://…`.
    Redis(Redis),
}

impl EdgeStore {
    /// The store called `name`, or a message that lists the valid names.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let keys = KeyValue::default();
        match name {
            "key-value" => return Ok(Self::KeyValue(ElectedStore::new(keys, SystemClock))),
            EXACT => return Ok(Self::KeyValue(ElectedStore::exact(keys, SystemClock))),
            _ => {}
        }
        if name.starts_with("redis://") || name.starts_with("rediss://") {
            return Ok(Self::Redis(Redis::new(String::from(name))));
        }
        Err(String::from("the variable `store`: must be \"key-value\" or a redis:// address"))
    }
}

impl Store for EdgeStore {
    type Token = Option<Vec<u8>>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        match self {
            Self::KeyValue(store) => store.load(key).await,
            Self::Redis(store) => store.load(key).await,
        }
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        match self {
            Self::KeyValue(store) => store.swap(key, token, record, forget_after).await,
            Self::Redis(store) => store.swap(key, token, record, forget_after).await,
        }
    }

    async fn overwrite(&self, key: &str, record: &[u8]) -> Result<(), StoreError> {
        match self {
            Self::KeyValue(store) => store.overwrite(key, record).await,
            Self::Redis(store) => store.overwrite(key, record).await,
        }
    }

    fn expires(&self) -> bool {
        match self {
            Self::KeyValue(store) => store.expires(),
            Self::Redis(store) => store.expires(),
        }
    }
}

/// Redis forgets idle records by itself, and has none to sweep.
impl SweptStore for EdgeStore {
    async fn list(&self, cursor: Option<&str>) -> Result<Page, StoreError> {
        match self {
            Self::KeyValue(store) => store.list(cursor).await,
            Self::Redis(_) => Ok(Page { keys: Vec::new(), cursor: None }),
        }
    }

    async fn remove(&self, key: &str, token: Self::Token) -> Result<Swap, StoreError> {
        match self {
            Self::KeyValue(store) => store.remove(key, token).await,
            Self::Redis(_) => Ok(Swap::Conflict),
        }
    }
}
