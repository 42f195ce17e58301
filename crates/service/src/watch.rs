//! What happens to a tenant's capacities, upstreams and keys, told to whoever watches.
//!
//! Whoever changes something appends it to the tenant's log, one record of the store (`log.rs`). A watcher looks
//! there again and again, so it is told by any process over the same store, and whoever comes back finds what it
//! missed. Recoveries are written by nobody: who watches computes them from the record of the key that was
//! reduced, at the time at which they are due (`recoveries.rs`).

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
