//! Events about a tenant's capacities, upstreams and keys, for those who watch.
//! A process that changes something appends an entry to the tenant's log, one record in the store (`log.rs`).
//! Watchers poll the log, so they learn of changes by any process over the same store, and a watcher that
//! reconnects finds what it missed. Recoveries are not written: each watcher computes them from the record of
//! the reduced key when they are due (`recoveries.rs`).

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
