//! The store contract of tollgate, the loop that drives a decision through it, and the suite that a
//! store has to pass.
//!
//! A store maps keys to records (opaque bytes) and offers two operations: [`Store::load`] and
//! [`Store::swap`]. That is all a limiter needs to be exact, whoever else writes to the same store:
//! [`decide`] loads, asks, swaps, and starts again when somebody else was faster.
//!
//! ```
//! use tollgate_store::{MemoryStore, Store, Swap};
//! # futures::executor::block_on(async {
//! let store = MemoryStore::default();
//! let seen = store.load("k").await.unwrap();
//! assert_eq!(seen.record, None);
//! assert_eq!(store.swap("k", seen.token, b"one").await.unwrap(), Swap::Done);
//! assert_eq!(store.load("k").await.unwrap().record.as_deref(), Some(&b"one"[..]));
//! # });
//! ```

mod contract;
mod memory;

pub use contract::{Loaded, Store, StoreError, Swap};
pub use memory::MemoryStore;
