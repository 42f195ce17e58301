//! The core as a component: `tollgate:limiter` without a single import.
//!
//! Nothing is decided here: arguments are converted, the core is called, its answer is converted back.
//! On targets other than WebAssembly the crate is empty.
//!
//! The crate builds one of three worlds, each as small as possible. With the feature `keyed`, keys live
//! in the instance's memory; with `stored`, in the host's store.
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
