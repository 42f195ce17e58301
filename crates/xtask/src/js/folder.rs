//! Folders as wholes.

use std::fs;
use std::path::Path;

/// Makes `to` a copy of `from`, and nothing more.
pub(crate) fn replace(from: &Path, to: &Path) -> anyhow::Result<()> {
    empty(to)?;
    copy(from, to)
}

/// Makes an empty folder of `folder`, whatever it was.
pub(crate) fn empty(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(fs::create_dir_all(folder)?)
}

/// Copies what is in `from` into `to`.
pub(crate) fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
