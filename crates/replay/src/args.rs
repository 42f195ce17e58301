//! The command line.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;

/// The longest list of keys that `--top` takes.
const TOP_MAX: u16 = 1_000;

/// Replays a trace of real requests through a policy and reports what it would have done to them.
///
/// The trace's own times are the clock: nothing waits. Lines are replayed in the order of the file,
/// and times that step back, as in every access log, make the limiter a little stricter; --sort
/// replays in time order, which a trace with steps of more than a minute needs.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The trace: an access log of Apache or nginx (combined or common format), or a CSV with a
    /// header; `-` reads standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// The policies, TOML or JSON [default: a sample with the policies "api" and "llm"].
    #[arg(long, value_name = "FILE")]
    pub(crate) policies: Option<PathBuf>,

    /// The policy to replay through [default: the only one there is].
    #[arg(long, value_name = "NAME")]
    pub(crate) policy: Option<String>,

    /// The format of the trace [default: told by the file's extension, .log or .csv, or else by its
    /// first line].
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,

    /// CSV: the column with the time: RFC 3339, the same without an offset (taken as UTC), the time
    /// of an access log, or a number since 1970 in seconds, milliseconds, microseconds or nanoseconds,
    /// told by its size [default: the first one named time, timestamp, ts or date].
    #[arg(long, value_name = "COLUMN")]
    pub(crate) time: Option<String>,

    /// CSV: the column with the key, or `none` for one key that all requests share [default: `key`
    /// if there is such a column, none otherwise].
    #[arg(long, value_name = "COLUMN")]
    pub(crate) key: Option<String>,

    /// Where the cost for a limit comes from: a column of the CSV, or `bytes`, the size of the
    /// response, in an access log. Limits that are not named cost their default. May be repeated.
    #[arg(long = "cost", value_name = "LIMIT=COLUMN")]
    pub(crate) costs: Vec<CostSource>,

    /// Access log: what to use as the key [default: ip].
    #[arg(long, value_enum)]
    pub(crate) key_field: Option<KeyField>,

    /// Replay in time order. Holds the whole trace in memory: at most 1,000,000 lines.
    #[arg(long)]
    pub(crate) sort: bool,

    /// How many keys to list, those that were limited most often first: 0 to 1000.
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u16).range(..=i64::from(TOP_MAX)))]
    pub(crate) top: u16,

    /// Print the summary as one JSON document.
    #[arg(long)]
    pub(crate) json: bool,

    /// Write one JSON line per request, with its decision and every limit's numbers, to PATH or to
    /// standard output. There the summary follows as a last line {"summary":…} with --json, and goes
    /// to standard error without it.
    #[arg(long, value_name = "PATH", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    pub(crate) decisions: Option<PathBuf>,

    /// Draw requests admitted and limited over time, as an SVG file.
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) plot: Option<PathBuf>,

    /// Show no progress bar. There is none either if standard error is not a terminal.
    #[arg(long)]
    pub(crate) quiet: bool,

    /// The policy text to use without `--policies`; filled in by the program, not on its command line.
    #[arg(skip)]
    pub default_policies: Option<String>,
}

/// How a trace is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// The combined or common log format of Apache and nginx.
    Combined,
    /// Comma-separated values, the names of the columns in the first row.
    Csv,
}

/// What of an access log's line is the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyField {
    /// The client: an address or a host name.
    Ip,
    /// The authenticated user; `-`, as the log has it, for all requests without one.
    User,
    /// The path, without the query.
    Path,
}

/// Where the cost for one limit comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CostSource {
    pub(crate) limit: String,
    pub(crate) column: String,
}

impl FromStr for CostSource {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((limit, column)) if !limit.is_empty() && !column.is_empty() => {
                Ok(Self { limit: limit.to_owned(), column: column.to_owned() })
            }
            _ => Err("write LIMIT=COLUMN, such as input_tokens=ContextTokens"),
        }
    }
}
