//! The core as a plain WebAssembly module without imports, for hosts that know no components
//! (`docs/module.md` is its documentation).
//!
//! Nothing is decided here. Numbers are read from the exchange, the core is asked, its answer is written
//! back. On a target other than WebAssembly the crate is empty.
#![no_std]
#![cfg(target_family = "wasm")]

extern crate alloc;

mod answer;
mod error;
mod exchange;
mod exports;
mod limit;
mod operation;
mod slots;
mod state;

#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Nothing in this module panics on any input (`crates/xtask/src/panics.rs` shows it); where memory
/// ends, the host sees a trap.
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    #[cfg(feature = "panic-import")]
    // SAFETY: a build with this feature is looked at, and never runs.
    unsafe {
        panicked(core::ptr::from_ref(info).cast())
    }
    #[cfg(not(feature = "panic-import"))]
    {
        let _ = info;
        core::arch::wasm32::unreachable()
    }
}

#[cfg(feature = "panic-import")]
#[link(wasm_import_module = "tollgate")]
unsafe extern "C" {
    /// Takes the panic's info: without it the compiler would merge panics of all kinds into one.
    fn panicked(info: *const u8) -> !;
}
