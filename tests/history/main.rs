//! What clients were told while things broke, and whether it can be true: no limit admitted more than it
//! allows, and no charge that was acknowledged is lost.
//!
//! A row of the table in docs/faults.md is one test here. `TOLLGATE_SEED=7` repeats the faults of seed 7.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod checker;
mod clock;
mod faults;
mod history;
mod load;
#[allow(dead_code, reason = "the end-to-end tests use more of it")]
#[path = "../end_to_end/program.rs"]
mod program;
mod programs;
mod random;
mod rows;
mod stores;
