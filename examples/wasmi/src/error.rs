//! What can go wrong, and what to do about it.

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are no module that needs nothing.
    #[error("this is no WebAssembly module without imports; `cargo xtask wasm` makes module.wasm")]
    NoModule(#[source] wasmi::Error),
    /// The module is another one.
    #[error("this module is not tollgate's; `cargo xtask wasm` makes module.wasm")]
    NotTollgate,
    /// The module is older or newer than this host.
    #[error(
        "this module speaks version {0}, and version 1 is wanted: build module.wasm of the same release"
    )]
    Version(u32),
    /// The module has used all memory that it was given.
    #[error("all memory is used: raise `memory_bytes`; the instance is gone, make a new one")]
    OutOfMemory,
    /// A call did more work than it was given.
    #[error("a call took more than its fuel: raise `fuel`; the instance is gone, make a new one")]
    DeadlineExceeded,
    /// The module refused an argument. `docs/module.md` lists the codes.
    #[error("refused with code {code}{}", limit.map_or_else(String::new, |it| format!(", limit {it}")))]
    Refused {
        /// Less than 0.
        code: i32,
        /// The position of the limit that is wrong, if it is a limit.
        limit: Option<u32>,
    },
}

impl From<wasmi::Error> for Error {
    fn from(error: wasmi::Error) -> Self {
        match error.as_trap_code() {
            Some(wasmi::TrapCode::OutOfFuel) => Self::DeadlineExceeded,
            // Nothing else makes tollgate trap.
            Some(_) => Self::OutOfMemory,
            None => Self::NotTollgate,
        }
    }
}
