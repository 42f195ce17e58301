//! Tests the Python package with the module inside.

use std::path::Path;
use std::process::Command;

use crate::command::run;
use crate::conformance::surface::TRANSCRIPTS;
use crate::folder;
use crate::{paths, python};

/// Assembles the package, checks its types and passes its tests.
pub(super) fn test(transcripts: &Path) -> anyhow::Result<()> {
    let (example, package) = (paths::root().join("examples/python"), paths::out().join("python"));
    folder::replace(&example, &package)?;
    std::fs::copy(paths::out().join("module.wasm"), package.join("tollgate/module.wasm"))?;
    let bin = python::environment("python-package", &example.join("requirements.txt"))?;
    run(Command::new(bin.join("mypy"))
        .args(["--strict", "tollgate", "tests"])
        .current_dir(&package))?;
    run(Command::new(bin.join("python")).arg("demo.py").current_dir(&package))?;
    run(Command::new(bin.join("python"))
        .args(["-m", "unittest"])
        .env(TRANSCRIPTS, transcripts)
        .env("TOLLGATE_VECTORS", paths::root().join("tests/vectors"))
        .current_dir(package))
}
