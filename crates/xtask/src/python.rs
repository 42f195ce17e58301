//! Our own Python environments, with what a `requirements.txt` names.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::command::run;
use crate::paths;

/// The folder of an environment's programs. The environment is rebuilt when the requirements change.
pub(crate) fn environment(name: &str, requirements: &Path) -> anyhow::Result<PathBuf> {
    let wanted = fs::read(requirements)?;
    let environment = paths::out().join(name).join("environment");
    let installed = environment.join("requirements.txt");
    if fs::read(&installed).ok().as_ref() != Some(&wanted) {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))
            .context("it needs Python's venv: apt-get install python3-venv")?;
        run(Command::new(environment.join("bin/pip"))
            .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(requirements))?;
        fs::write(&installed, &wanted)?;
    }
    Ok(environment.join("bin"))
}
