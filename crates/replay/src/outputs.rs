//! Where the output goes, checked before anything is read.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::args::Args;
use crate::input::is_stdin;

/// Refuses outputs that would fail only after the work, or that would overwrite an input.
pub(crate) fn check(args: &Args) -> Result<()> {
    if let Some(plot) = &args.plot {
        let is_svg = plot.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("svg"));
        ensure!(is_svg, "--plot {}: only SVG is drawn; name the file .svg", plot.display());
    }
    if let (Some(plot), Some(decisions)) = (&args.plot, &args.decisions) {
        ensure!(plot != decisions, "--plot and --decisions: both go to {}", plot.display());
    }
    let inputs = [Some(&args.file), args.policies.as_ref()];
    let outputs = [("--plot", &args.plot), ("--decisions", &args.decisions)];
    for (flag, output) in outputs.iter().filter_map(|(flag, path)| Some((flag, path.as_ref()?))) {
        let clashes = inputs.iter().flatten().any(|input| is_same_file(input, output));
        ensure!(!clashes, "{flag} {}: this would overwrite what is read", output.display());
    }
    Ok(())
}

/// Whether both exist and are the same file.
fn is_same_file(a: &Path, b: &Path) -> bool {
    if is_stdin(a) || is_stdin(b) {
        return false;
    }
    matches!((fs::canonicalize(a), fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b)
}

/// Opens the file that decisions go to.
pub(crate) fn create(path: &Path) -> Result<Box<dyn Write>> {
    let file = File::create(path)
        .with_context(|| format!("--decisions: {} can't be written", path.display()))?;
    Ok(Box::new(BufWriter::new(file)))
}

/// Writes the plot.
pub(crate) fn write_plot(path: &Path, svg: &str) -> Result<()> {
    fs::write(path, svg).with_context(|| format!("--plot: {} can't be written", path.display()))
}
