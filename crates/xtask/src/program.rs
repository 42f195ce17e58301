//! The program `tollgate`.

use std::path::PathBuf;
use std::process::Command;

use crate::command::{cargo, run};
use crate::{paths, wasm};

/// Builds the program with the edge function inside, and says where it is.
pub(crate) fn build() -> anyhow::Result<PathBuf> {
    wasm::build()?;
    run(&mut release(&["build", "--package", "tollgate-host"]))?;
    Ok(paths::program())
}

/// `cargo` in the release profile, with the edge function for who embeds it.
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
