//! Where the components are that `cargo xtask wasm` built.

use std::path::PathBuf;

/// The bytes of a component.
pub(crate) fn bytes(name: &str) -> Vec<u8> {
    let tests = std::env::current_exe().unwrap();
    let target: PathBuf = tests.ancestors().nth(3).unwrap().into();
    let file = target.join("tollgate").join(name);
    std::fs::read(&file)
        .unwrap_or_else(|error| panic!("{}: {error}; cargo xtask wasm makes it", file.display()))
}
