//! What the program can be told on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tollgate_host::keyvalue::quirks::Quirks;
use tollgate_host::redis::RedisServer;
use tollgate_kv::Durability;

/// One rate limiter for every WebAssembly host.
#[derive(Debug, Parser)]
#[command(name = "tollgate", version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Answer POST /v1/acquire and friends over HTTP.
    Serve(ServeArgs),
    /// Tell what a policy would have done to a trace of real requests.
    Replay(tollgate_replay::Args),
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    pub(crate) listen: SocketAddr,

    /// Policies, as TOML or JSON [default: a sample with the policies "api" and "llm"].
    #[arg(long, value_name = "FILE")]
    pub(crate) policies: Option<PathBuf>,

    /// Where records are kept: "redb:PATH" (one file) or "memory".
    #[arg(long, value_name = "STORE", default_value = "redb:tollgate.redb")]
    pub(crate) store: StoreArg,

    /// When a charge is safe from a crash of a redb store: "immediate" (before it is answered), "grouped"
    /// (some milliseconds later) or "none" (when the program ends).
    #[arg(long, value_name = "WHEN", default_value_t = Durability::Grouped)]
    pub(crate) durability: Durability,

    /// Component to serve instead of the one inside this program.
    #[arg(long, value_name = "FILE", conflicts_with = "native")]
    pub(crate) edge: Option<PathBuf>,

    /// Serve the same API compiled natively, without WebAssembly.
    #[arg(long)]
    pub(crate) native: bool,

    /// A variable of the edge function, as on Spin: "store=redis://HOST" keeps records in Redis.
    #[arg(long = "variable", value_name = "NAME=VALUE", conflicts_with = "native")]
    pub(crate) variables: Vec<VariableArg>,

    /// A Redis server that the edge function may ask: redis://HOST[:PORT].
    #[arg(long, value_name = "URL", conflicts_with = "native")]
    pub(crate) allow_redis: Vec<RedisServer>,

    /// Show the edge function the faults of another host's key-value store, to test what runs there.
    #[arg(long, value_name = "HOST", conflicts_with = "native")]
    pub(crate) quirks: Option<Quirks>,

    /// Log every request, as target "access" at level info.
    #[arg(long)]
    pub(crate) access_log: bool,

    /// How log lines look; they go to standard error.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) log_format: LogFormat,

    /// What is logged: a level, or targets with levels such as "info,guest=off".
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub(crate) log: String,
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

/// Where records are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreArg {
    /// In this process.
    Memory,
    /// In one redb file.
    Redb(PathBuf),
}

impl FromStr for StoreArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            Some(("redb", path)) if !path.is_empty() => Ok(Self::Redb(path.into())),
            _ => Err("a store is redb:PATH or memory".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_needs_no_flag() {
        let Command::Serve(args) = Cli::parse_from(["tollgate", "serve"]).command else {
            panic!("it is another command");
        };
        assert_eq!(args.store, StoreArg::Redb("tollgate.redb".into()));
        assert_eq!(args.listen.to_string(), "127.0.0.1:3000");
        assert_eq!(args.durability, Durability::Grouped);
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
    fn a_store_is_memory_or_a_redb_file() {
        assert_eq!("memory".parse(), Ok(StoreArg::Memory));
        assert_eq!("redb:a:b".parse(), Ok(StoreArg::Redb("a:b".into())));
        for wrong in ["", "redb", "redb:", "memory:", "redis:x"] {
            assert!(wrong.parse::<StoreArg>().is_err(), "{wrong:?}");
        }
    }
}
