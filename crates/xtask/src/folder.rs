//! Operations on whole folders.

use std::fs;
use std::path::Path;

/// Makes `to` a copy of `from`, and nothing more.
pub(crate) fn replace(from: &Path, to: &Path) -> anyhow::Result<()> {
    empty(to)?;
    copy(from, to)
}

/// Makes `folder` an empty folder, whatever it was.
pub(crate) fn empty(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(fs::create_dir_all(folder)?)
}

/// Copies what is in `from` into `to`.
pub(crate) fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    copy_if(from, to, |_| true)
}

/// As `copy`, but only files whose names are wanted.
pub(crate) fn copy_if(
    from: &Path,
    to: &Path,
    is_wanted: impl Fn(&str) -> bool + Copy,
) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_if(&entry.path(), &target, is_wanted)?;
        } else if is_wanted(&entry.file_name().to_string_lossy()) {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
