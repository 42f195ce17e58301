//! What the modules of the npm package have in common: their allocator, and how values of the core cross
//! between them and JavaScript. On a target other than WebAssembly the crate is empty.
#![no_std]
#![cfg(target_family = "wasm")]

extern crate alloc;

pub mod answer;
pub mod convert;

#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Nothing here panics on any input; where memory ends, JavaScript sees a `WebAssembly.RuntimeError`.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
