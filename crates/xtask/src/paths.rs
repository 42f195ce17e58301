//! Where things are.

use std::env;
use std::path::{Path, PathBuf};

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Cargo's target folder.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// The folder for what these tasks build: `limiter.wasm`, `edge.wasm`, `tollgate.wasm`.
pub(crate) fn out() -> PathBuf {
    target().join("tollgate")
}

/// The program, once it is built.
pub(crate) fn program() -> PathBuf {
    target().join("release/tollgate")
}
