//! Requests that share swaps get the answers that they would get one after the other.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod promises;
mod simulation;
mod world;
