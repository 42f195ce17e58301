//! `docs/conformance.md`.

use std::fmt::Write as _;

use crate::conformance::surface::Surface;
use crate::conformance::transcript::Transcript;

const HEAD: &str = "\
# The same everywhere

`cargo xtask conformance` runs every step of the shared [vectors](../tests/vectors/README.md) on every surface below, and
writes this page; `cargo xtask test` does the same, and fails unless the page is current. Each surface writes down what it
decided at each step: the verdict, what was done, every number of every limit, and the bytes of the record. These transcripts
are compared, not only what each test thinks of itself: one digit that differs anywhere fails, and is shown.

";

const FOOT: &str = "
A digest is the first 16 digits of the SHA-256 of all that was said in a file, on every surface.

Not here: the Spin edge over HTTP. Its API has no injected clock, no nanoseconds and no records, so a vector can't be told to
it; the component inside it is the one above, and the program is tested end to end (`tests/end_to_end`). Cooldowns, barriers and
provider feedback have vectors of their own, which the core and the component run (`tests/component`).
";

/// The page of results, when all surfaces agree.
pub(super) fn page(transcripts: &[(&Surface, Transcript)]) -> String {
    let mut page = String::from(HEAD);
    page.push_str("| | surface | run by |\n|--:|---|---|\n");
    for (number, (surface, _)) in (1..).zip(transcripts) {
        let Surface { title, test, .. } = surface;
        // Writing to a `String` never fails.
        let _ = writeln!(page, "| {number} | {title} | [{test}](../{test}) |");
    }
    page.push_str("\nSteps that were run:\n\n| file | digest |");
    for number in 1..=transcripts.len() {
        let _ = write!(page, " {number} |");
    }
    let _ = writeln!(page, "\n|---|---|{}", "--:|".repeat(transcripts.len()));
    let Some((_, first)) = transcripts.first() else { return page };
    for (file, _) in first.files() {
        let _ = write!(page, "| {file} | `{}` |", first.digest(file));
        for (_, transcript) in transcripts {
            let _ = write!(page, " {} |", transcript.steps(file));
        }
        page.push('\n');
    }
    page.push_str("| all | |");
    for (_, transcript) in transcripts {
        let _ = write!(page, " {} |", transcript.files().map(|(_, steps)| steps).sum::<usize>());
    }
    page.push('\n');
    page.push_str(FOOT);
    page
}
