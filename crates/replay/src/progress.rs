//! Shows how far the replay is.

use std::io::{IsTerminal as _, stdout};

use indicatif::{ProgressBar, ProgressStyle};

use crate::args::Args;
use crate::input::is_stdin;

/// A progress bar on standard error that counts the bytes read. It is hidden if that is not a terminal,
/// or if decisions scroll over the same terminal.
pub(crate) fn bar(args: &Args) -> ProgressBar {
    let scrolls = args.decisions.as_deref().is_some_and(is_stdin) && stdout().is_terminal();
    if args.quiet || scrolls {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::no_length();
    set_template(&bar, "{spinner} {bytes}, {elapsed} so far");
    bar
}

/// Tells the bar how many bytes there are in all.
pub(crate) fn expect_bytes(bar: &ProgressBar, bytes: u64) {
    bar.set_length(bytes);
    set_template(bar, "{wide_bar} {bytes} of {total_bytes}, {eta} to go");
}

/// A template that indicatif rejects costs only the bar's looks.
fn set_template(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}
