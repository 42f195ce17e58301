//! The core as a component: `tollgate:limiter` without a single import.
//!
//! Nothing is decided here. Arguments are converted, the core is asked, its answer is converted back.
//! On a target other than WebAssembly the crate is empty.
//!
//! It is one of three worlds, each as small as it can be: with the feature `keyed` keys live in the
//! memory of the instance, with `stored` in a store that the host has.
#![no_std]
#![cfg(target_family = "wasm")]

extern crate alloc;

#[cfg(not(any(feature = "keyed", feature = "stored")))]
mod barrier;
mod batch;
mod convert;
#[cfg(not(any(feature = "keyed", feature = "stored")))]
mod cooldown;
mod exports;
#[cfg(not(any(feature = "keyed", feature = "stored")))]
mod feedback;
#[path = "../guest.rs"]
mod guest;
#[cfg(feature = "keyed")]
mod keyed;
#[cfg(feature = "keyed")]
mod limiters;
mod operation;
mod policies;
#[cfg(feature = "stored")]
mod stored;

#[allow(unreachable_pub, clippy::undocumented_unsafe_blocks, reason = "generated code")]
mod bindings {
    #[cfg(not(any(feature = "keyed", feature = "stored")))]
    wit_bindgen::generate!({ path: "../../wit/limiter", world: "limiter-component" });
    #[cfg(feature = "keyed")]
    wit_bindgen::generate!({ path: "../../wit/limiter", world: "keyed-limiter" });
    #[cfg(feature = "stored")]
    wit_bindgen::generate!({ path: "../../wit/limiter", world: "stored-limiter" });
}

struct Component;

bindings::export!(Component with_types_in bindings);
