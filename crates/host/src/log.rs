//! Where log lines go: standard error.

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::cli::LogFormat;

/// `text`, if it is a valid filter. The library would take a misspelt level for a target, and anything
/// after a space for part of its name; either way nothing would be logged.
pub(crate) fn filter(text: &str) -> Result<String, String> {
    // The empty string would parse as a level, too: error.
    let is_level = |part: &str| !part.is_empty() && part.parse::<LevelFilter>().is_ok();
    let is_said = |part: &str| part.contains('=') || is_level(part);
    let is_plain = !text.contains(char::is_whitespace);
    if is_plain && text.split(',').all(is_said) && EnvFilter::try_new(text).is_ok() {
        return Ok(text.to_owned());
    }
    Err("it is a level (off, error, warn, info, debug or trace), or targets with levels such as \
         info,guest=off"
        .to_owned())
}

/// From now on, writes log lines that pass `filter` to standard error.
pub(crate) fn start(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter).context("--log")?;
    // A line that can't be written is dropped: reporting it would print to the same place, and panic.
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .log_internal_errors(false);
    match format {
        LogFormat::Human => {
            lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init()
        }
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_level_is_told_and_not_taken_as_a_target() {
        for said in ["info", "off", "WARN", "info,guest=off", "guest=debug"] {
            assert_eq!(filter(said).as_deref(), Ok(said));
        }
        for wrong in
            ["", "inof", "guest", "info,guest", "guest=loud", "info,,warn", "info, access=warn"]
        {
            assert!(filter(wrong).is_err(), "{wrong:?}");
        }
    }
}
