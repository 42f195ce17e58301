//! Tools from npm, in the versions that a `package-lock.json` names.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::command::run;

/// Installs what `ours` names into the folder `tools`, unless that is already done.
pub(crate) fn install(ours: &Path, tools: &Path) -> anyhow::Result<()> {
    let lock = "package-lock.json";
    let wanted = fs::read(ours.join(lock))?;
    // The lock is copied last, so its presence means that everything else is there.
    if fs::read(tools.join(lock)).is_ok_and(|it| it == wanted) {
        return Ok(());
    }
    fs::create_dir_all(tools)?;
    let staged = tools.join("staged");
    fs::create_dir_all(&staged)?;
    for file in ["package.json", lock] {
        fs::copy(ours.join(file), staged.join(file))?;
    }
    let mut npm = Command::new("npm");
    run(npm.args(["ci", "--silent", "--no-audit", "--no-fund"]).current_dir(&staged))?;
    let modules = tools.join("node_modules");
    if modules.exists() {
        fs::remove_dir_all(&modules)?;
    }
    fs::rename(staged.join("node_modules"), modules)?;
    fs::copy(ours.join("package.json"), tools.join("package.json"))?;
    fs::copy(ours.join(lock), tools.join(lock))?;
    Ok(fs::remove_dir_all(staged)?)
}
