//! Key-value backends of the tollgate host.
//!
//! [`KeyValue`] is what `wasi:keyvalue` needs of a host: get, set, delete, list, increment and an exact
//! compare-and-swap. [`Memory`] keeps values in this process; [`Redb`] keeps them in one file, with
//! group commit and a choice of [`Durability`]; [`Redis`] and [`Nats`] keep them in a server, which any
//! number of processes share, and remember the last seen value of a key. [`Bounded`] adds a timeout
//! to any of them, and [`KeyValueStore`] makes each of them a [`tollgate_store::Store`].
//!
//! ```
//! use tollgate_kv::{Durability, Increment, KeyValue, Redb, Swap};
//! # let directory = tempfile::tempdir().unwrap();
//! # let path = directory.path().join("tollgate.redb");
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let values = Redb::open(&path, Durability::Immediate).unwrap();
//! assert_eq!(values.swap("k", None, b"one".to_vec()).await, Ok(Swap::Done));
//! assert_eq!(values.swap("k", None, b"two".to_vec()).await, Ok(Swap::Conflict));
//! assert_eq!(values.increment("hits", 3).await, Ok(Increment::Sum(3)));
//! drop(values);
//!
//! let values = Redb::open(&path, Durability::Grouped).unwrap();
//! assert_eq!(values.get("k").await, Ok(Some(b"one".to_vec())));
//! assert_eq!(values.list(None).await.unwrap().keys, ["hits", "k"]);
//! # });
//! ```

mod bounded;
mod contract;
mod durability;
mod last_seen;
mod memory;
mod nats;
mod number;
mod redb;
mod redis;
mod server;
mod store;

pub use bounded::{Bounded, OPERATION_TIMEOUT};
pub use contract::{
    EXCHANGES_MAX, Exchange, Increment, KEY_BYTES_MAX, KeyValue, KeyValueError, New, PAGE_KEYS_MAX,
    VALUE_BYTES_MAX,
};
pub use durability::{Durability, UnknownDurability};
pub use memory::Memory;
pub use nats::{NATS_BUCKET, NATS_REPLICAS_MAX, Nats};
pub use redb::{
    CACHE_BYTES, GROUP_COMMIT_INTERVAL, GROUP_COMMIT_INTERVAL_MAX, OVERLAY_BYTES_MAX,
    OVERLAY_ENTRIES_MAX, OpenError, RETRY_INTERVAL, Redb, RedbOptions,
};
pub use redis::{REDIS_PREFIX, REDIS_PREFIX_BYTES_MAX, Redis};
pub use server::{CONNECT_TIMEOUT, ConnectError, RESPONSE_TIMEOUT, TIMEOUT_MAX, connect};
pub use store::KeyValueStore;

pub use ::redb::StorageBackend;
pub use tollgate_store::{Page, Swap};
