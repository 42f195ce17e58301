//! What the program can be told on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tollgate_core::Span;
use tollgate_host::keyvalue::quirks::Quirks;
use tollgate_host::redis::RedisServer;

use crate::key::KeyArgs;
use crate::log::filter;
use crate::state_args::StateCommand;
use crate::store_arg::StoreArgs;

/// One rate limiter for every WebAssembly host.
#[derive(Debug, Parser)]
#[command(name = "tollgate", version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the HTTP API (POST /v1/acquire and the rest).
    Serve(ServeArgs),
    /// Report what a policy would have done to a trace of real requests.
    Replay(tollgate_replay::Args),
    /// Check a policies file and a keys file, and report what is wrong with them.
    Check(CheckArgs),
    /// Make an API key: the key goes to standard error, its lines for the keys file to standard output.
    Key(KeyArgs),
    /// Inspect and move the contents of a store: dump, restore, get, set, delete.
    #[command(subcommand)]
    State(StateCommand),
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// A policies file, TOML or JSON.
    pub(crate) policies: PathBuf,

    /// A keys file.
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// IP address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:3000", value_parser = address)]
    pub(crate) listen: SocketAddr,

    /// Policies, as TOML or JSON [default: a sample with the policies "api" and "llm"].
    #[arg(long, value_name = "FILE")]
    pub(crate) policies: Option<PathBuf>,

    /// API keys (their hashes, as `tollgate key` writes them). Without it no key is needed, and only
    /// loopback addresses may be listened on.
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) store: StoreArgs,

    /// Remove idle records. The value is the pause after each round through the store, "1s" to "1d", or
    /// "off".
    #[arg(long, value_name = "PAUSE", default_value = "1m")]
    pub(crate) sweep: SweepArg,

    /// Component to serve instead of the one inside this program.
    #[arg(long, value_name = "FILE", conflicts_with = "native")]
    pub(crate) edge: Option<PathBuf>,

    /// Serve the same API compiled natively, without WebAssembly.
    #[arg(long)]
    pub(crate) native: bool,

    /// A variable of the edge function, as on Spin: "store=redis://HOST" keeps records in Redis.
    #[arg(long = "variable", value_name = "NAME=VALUE", conflicts_with = "native")]
    pub(crate) variables: Vec<VariableArg>,

    /// A Redis server that the edge function may use: redis://HOST or redis://HOST:PORT.
    #[arg(long, value_name = "URL", conflicts_with = "native")]
    pub(crate) allow_redis: Vec<RedisServer>,

    /// Give the edge function stores with the faults of another host's, to test what will run there.
    #[arg(long, value_name = "HOST", conflicts_with = "native")]
    pub(crate) quirks: Option<Quirks>,

    /// Maximum open connections; further ones wait. Fewer if the system allows fewer open files.
    #[arg(long, value_name = "COUNT", default_value_t = 10_240, value_parser = connections)]
    pub(crate) connections: usize,

    /// Log every request, as target "access" at level info.
    #[arg(long)]
    pub(crate) access_log: bool,

    /// The format of log lines, which go to standard error.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) log_format: LogFormat,

    /// What is logged: a level, or targets with levels such as "info,guest=off".
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = filter)]
    pub(crate) log: String,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "an address is IP:PORT, such as 127.0.0.1:3000 or [::1]:3000".to_owned())
}

/// A variable and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VariableArg {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl FromStr for VariableArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some(("policies", _)) => Err("policies are given by --policies".to_owned()),
            Some(("api_keys", _)) => Err("keys are given by --keys".to_owned()),
            Some((name, value)) if !name.is_empty() => {
                Ok(Self { name: name.to_owned(), value: value.to_owned() })
            }
            _ => Err("a variable is NAME=VALUE".to_owned()),
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Most connections that can be asked for: what a server of this size could ever answer.
const CONNECTIONS_MAX: usize = 1_000_000;

fn connections(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (1..=CONNECTIONS_MAX).contains(&count) => Ok(count),
        _ => Err(format!("a count of connections is 1 to {CONNECTIONS_MAX}")),
    }
}

/// Shortest pause between two rounds of sweeping: without one, a quarter of a thread would be busy with it.
const SWEEP_PAUSE_MIN: Duration = Duration::from_secs(1);
/// Longest pause between two rounds of sweeping: records would be kept for so much longer than needed.
const SWEEP_PAUSE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether idle records are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SweepArg {
    /// They stay.
    Off,
    /// With so long a pause between two rounds.
    Every(Span),
}

impl FromStr for SweepArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let pause = humantime::parse_duration(text)
            .map_err(|_| "a pause is off, or a number with a unit such as 30s or 1h".to_owned())?;
        if !(SWEEP_PAUSE_MIN..=SWEEP_PAUSE_MAX).contains(&pause) {
            return Err("a pause is 1 second to 1 day".to_owned());
        }
        Ok(Self::Every(Span::from_millis(pause.as_millis().try_into().unwrap_or(u64::MAX))))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use clap::CommandFactory;

    use tollgate_kv::Durability;

    use super::*;
    use crate::store_arg::StoreArg;

    #[test]
    fn the_flags_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_needs_no_flag() {
        let Command::Serve(args) = Cli::parse_from(["tollgate", "serve"]).command else {
            panic!("it is another command");
        };
        assert_eq!(args.store.store, StoreArg::Redb("tollgate.redb".into()));
        assert_eq!(args.listen.to_string(), "127.0.0.1:3000");
        assert_eq!(args.store.durability, Durability::Grouped);
        assert_eq!(args.sweep, SweepArg::Every(Span::from_secs(60)));
    }

    #[test]
    fn a_pause_of_the_sweeper_is_off_or_a_period_within_bounds() {
        assert_eq!("off".parse(), Ok(SweepArg::Off));
        for (text, secs) in [("1s", 1), ("1m", 60), ("1d", 86_400)] {
            assert_eq!(text.parse(), Ok(SweepArg::Every(Span::from_secs(secs))), "{text}");
        }
        for wrong in ["", "on", "1", "999ms", "0s", "25h", "-1s"] {
            assert!(wrong.parse::<SweepArg>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_variable_has_a_name_and_is_not_the_policies() {
        let parsed = "store=redis://a?b=c".parse::<VariableArg>().unwrap();
        assert_eq!((&*parsed.name, &*parsed.value), ("store", "redis://a?b=c"));
        for wrong in ["", "store", "=x", "policies=x"] {
            assert!(wrong.parse::<VariableArg>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_password_of_a_store_is_not_shown() {
        let args = Cli::parse_from(["tollgate", "serve", "--store", "redis://user:hush@host"]);
        assert!(!format!("{args:?}").contains("hush"));
    }
}
