//! Runs every shared vector on every surface; all surfaces must give the same results.
//!
//! Each surface writes a transcript with the result of every step: decision, numbers and the record's
//! bytes, in one notation. Here transcripts are compared; `docs/conformance.md` has the results.

mod page;
mod python;
mod surface;
mod transcript;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};

use self::surface::Surface;
pub(crate) use self::surface::TRANSCRIPTS;
use self::transcript::Transcript;
use crate::{folder, paths};

/// The page of results.
const PAGE: &str = "docs/conformance.md";

/// Runs every vector on every surface, and writes the page.
pub(crate) fn write() -> anyhow::Result<()> {
    let page = seen()?;
    Ok(fs::write(paths::root().join(PAGE), page)?)
}

/// As `write`, but fails unless the page is already up to date.
pub(crate) fn check() -> anyhow::Result<()> {
    let written = fs::read_to_string(paths::root().join(PAGE))?;
    ensure!(written == seen()?, "{PAGE} is not current: `cargo xtask conformance` writes it");
    Ok(())
}

fn seen() -> anyhow::Result<String> {
    let transcripts = paths::out().join("transcripts");
    // A transcript left from an earlier run would stand in for a surface that did not run.
    folder::empty(&transcripts)?;
    surface::run_all(&transcripts)?;
    let transcripts = read(&transcripts)?;
    compare(&transcripts)?;
    Ok(page::page(&transcripts))
}

fn read(folder: &Path) -> anyhow::Result<Vec<(&'static Surface, Transcript)>> {
    let read = |surface: &'static Surface| {
        let file = folder.join(surface.name).with_extension("txt");
        let text = fs::read_to_string(file);
        let text = text.with_context(|| format!("{}: did not run", surface.title))?;
        Ok((surface, Transcript::new(&text)?))
    };
    surface::ALL.iter().map(read).collect()
}

/// Fails unless every surface gave the same results as the first.
fn compare(transcripts: &[(&Surface, Transcript)]) -> anyhow::Result<()> {
    let Some(((first, wanted), others)) = transcripts.split_first() else { return Ok(()) };
    for (surface, transcript) in others {
        if let Some(difference) = wanted.difference(transcript) {
            bail!("{} and {} differ: {difference}", first.title, surface.title);
        }
    }
    Ok(())
}
