//! The core as a component: `tollgate:limiter` without a single import.
//!
//! Nothing is decided here. Arguments are converted, the core is asked, its answer is converted back.
//! On a target other than WebAssembly the crate is empty.
#![no_std]
#![cfg(target_family = "wasm")]

extern crate alloc;

mod barrier;
mod batch;
mod convert;
mod cooldown;
mod exports;
mod feedback;
mod operation;
mod policies;

#[allow(unreachable_pub, clippy::undocumented_unsafe_blocks, reason = "generated code")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit/limiter",
        world: "limiter-component",
    });
}

#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Nothing in this component panics on any input; should it, the host sees a trap.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

struct Component;

bindings::export!(Component with_types_in bindings);
