//! Programs that come as Python packages.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;

use crate::command::run;
use crate::paths;

/// The program `program`, in a Python environment of its own that is made anew when the requirements in
/// `crates/xtask/FOLDER` change.
pub(crate) fn program(folder: &str, program: &str) -> anyhow::Result<PathBuf> {
    let requirements = paths::root().join("crates/xtask").join(folder).join("requirements.txt");
    let wanted = fs::read(&requirements)?;
    let environment = paths::out().join(folder);
    let installed = environment.join("requirements.txt");
    if fs::read(&installed).ok().as_ref() != Some(&wanted) {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))
            .context("it needs Python's venv: apt-get install python3-venv")?;
        run(Command::new(environment.join("bin/pip"))
            .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(&requirements))?;
        fs::write(&installed, &wanted)?;
    }
    Ok(environment.join("bin").join(program))
}
