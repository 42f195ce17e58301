//! The real program, over real sockets, with the edge function inside and natively.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod acquire;
mod bad_input;
mod corrupt_records;
mod crash;
mod hot_keys;
mod keys;
mod leases;
mod one_fresh_key;
mod program;
mod reload;
mod spin_example;
mod spin_stores;
mod swarm;
mod sweep;
mod watch;
mod watcher;
