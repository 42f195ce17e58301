//! The API in virtual time, and over stores that fail. (Everything that needs no clock is tested end
//! to end, in `tests/end_to_end`.)
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod answers;
mod batch;
mod capacity;
mod control;
mod leases;
mod several;
mod stores;
mod support;
