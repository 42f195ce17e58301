//! The limiter component: what it imports, how large it is, and that it decides as the core does.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod arguments;
#[path = "../vectors/events.rs"]
mod format;

mod barrier;
mod cooldown;
mod feedback;
mod imports;
mod limiter;
mod spin_manifest;
#[path = "../../crates/component/to_wit.rs"]
mod to_wit;
mod vectors;
mod wasm;

use limiter::wit;
