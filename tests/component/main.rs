//! The limiter component: what it imports, how large it is, and that it decides as the core does.
#![allow(clippy::duplicate_mod, reason = "bindings of each world have types of their own")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod applied;
mod arguments;
mod barrier;
mod cooldown;
mod feedback;
#[path = "../vectors/events.rs"]
mod format;
mod imports;
mod keyed;
mod keyed_limiter;
mod limiter;
mod spin_manifest;
mod store_faults;
mod stored;
mod stored_limiter;
#[path = "../../crates/component/to_wit.rs"]
mod to_wit;
mod vectors;
mod wasm;

use limiter::wit;
