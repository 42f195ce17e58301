//! The limiter component: what it imports, how large it is, and that it decides as the core does.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../vectors/events.rs"]
mod format;

mod barrier;
mod cooldown;
mod feedback;
mod imports;
mod limiter;
mod spin_manifest;
mod vectors;
mod wasm;
