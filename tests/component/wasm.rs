//! The components that `cargo xtask wasm` built.

use std::path::PathBuf;
use std::process::Command;

/// The bytes of a component.
pub(crate) fn bytes(name: &str) -> Vec<u8> {
    let file = path(name);
    std::fs::read(&file)
        .unwrap_or_else(|error| panic!("{}: {error}; cargo xtask wasm makes it", file.display()))
}

/// How many bytes `gzip -9` makes of a component.
pub(crate) fn gzipped_bytes(name: &str) -> usize {
    Command::new("gzip").arg("-9c").arg(path(name)).output().unwrap().stdout.len()
}

fn path(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    tests.ancestors().nth(3).unwrap().join("tollgate").join(name)
}
