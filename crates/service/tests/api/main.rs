//! The API in virtual time, and over stores that fail. (Everything that needs no clock is tested end
//! to end, in `tests/end_to_end`.)
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod answers;
mod barriers;
mod batch;
mod capacity;
mod control;
mod dialects;
mod events;
mod feedback;
mod hot;
mod keys;
mod leases;
mod live;
mod minimal;
mod openapi;
mod operations;
mod overrides;
mod place;
mod policies;
mod pools;
mod several;
mod stores;
mod support;
mod sweep;
mod watch;
