//! The program `tollgate`.

use std::path::PathBuf;
use std::process::Command;

use crate::command::{cargo, run};
use crate::suite::HEAVY;
use crate::{paths, wasm};

/// Builds the program with the edge function inside, and returns its path.
pub(crate) fn build() -> anyhow::Result<PathBuf> {
    wasm::build()?;
    run(&mut release(&["build", "--package", "tollgate-host"]))?;
    Ok(paths::program())
}

/// Builds the program as [`build`] does, together with all tests that depend on wasmtime. Built alone, it would
/// have different features of shared crates, and be compiled twice.
pub(crate) fn build_with_tests() -> anyhow::Result<PathBuf> {
    wasm::build()?;
    run(release(&["build", "--quiet", "--lib", "--bins", "--tests"]).args(HEAVY))?;
    Ok(paths::program())
}

/// `cargo` in the release profile, with the edge function for packages that embed it.
pub(crate) fn release(args: &[&str]) -> Command {
    let mut command = cargo(args);
    command.arg("--release").env("TOLLGATE_EDGE_WASM", wasm::composed());
    command
}

/// Builds everything and serves.
pub(crate) fn serve(args: &[String]) -> anyhow::Result<()> {
    let program = build()?;
    run(Command::new(program).arg("serve").args(args))
}
