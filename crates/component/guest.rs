//! What every guest of the core has: an allocator, and a trap where memory ends.
//!
//! The component and the plain module are linked apart, so this file is a module of both.

#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Nothing here panics on any input (`crates/xtask/src/panics.rs` shows it); where memory
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
