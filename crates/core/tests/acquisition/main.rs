//! One acquisition at a time: what it costs, what it says, and how it ends when something is wrong.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod answers;
mod bounds;
mod failures;
mod leases;
mod repeated;
mod support;

#[path = "../simulation/driver.rs"]
#[allow(dead_code, reason = "the simulation uses all of it")]
mod driver;
#[path = "../simulation/store.rs"]
#[allow(dead_code, reason = "the simulation uses all of it")]
mod store;
