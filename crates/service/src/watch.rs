//! Streams what happens to a tenant's capacities, upstreams and keys to its watchers.
//!
//! Every change is appended to the tenant's log, one record of the store (`log.rs`). A watcher polls that record, so
//! any process over the same store can serve it, and a client that reconnects finds what it missed. Recoveries are
//! never written: the watching process computes each from the record of the reduced key when it is due
//! (`recoveries.rs`).

mod announce;
mod cursor;
mod filter;
mod limited;
mod log;
mod looks;
mod news;
mod places;
mod records;
mod recoveries;
mod stream;

pub use cursor::LAST_EVENT_ID;
pub use stream::Watch;

pub(crate) use cursor::Cursor;
pub(crate) use filter::Filter;
pub(crate) use limited::LimitedKeys;
pub(crate) use news::Entry;
pub(crate) use places::{Places, WATCHERS_MAX};
pub(crate) use stream::{Start, WATCH_MS_MAX};
