//! What the program can be told on the command line.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
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

    /// Where records are kept: "redb:PATH" (one file), "memory", or a server: redis://HOST, rediss://HOST,
    /// redis-cluster://HOST,HOST or nats://HOST.
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

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Where records are kept.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum StoreArg {
    /// In this process.
    Memory,
    /// In one redb file.
    Redb(PathBuf),
    /// In the server at this address. It is looked at when it is opened: what is refused here is repeated
    /// on the terminal, and the address may hold a password.
    Server(String),
}

impl fmt::Debug for StoreArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("Memory"),
            Self::Redb(path) => f.debug_tuple("Redb").field(path).finish(),
            Self::Server(_) => f.write_str("Server(..)"),
        }
    }
}

impl FromStr for StoreArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            Some(("redb", path)) if !path.is_empty() => Ok(Self::Redb(path.into())),
            Some(_) if text.contains("://") => Ok(Self::Server(text.to_owned())),
            _ => Err("a store is redb:PATH, memory, redis://… or nats://…".to_owned()),
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
    fn a_store_is_memory_a_redb_file_or_a_server() {
        assert_eq!("memory".parse(), Ok(StoreArg::Memory));
        assert_eq!("redb:a:b".parse(), Ok(StoreArg::Redb("a:b".into())));
        for address in ["redis://a", "redis-cluster://a,b", "nats://a", "other://user:hush@a"] {
            assert_eq!(address.parse(), Ok(StoreArg::Server(address.to_owned())));
        }
        for wrong in ["", "redb", "redb:", "memory:", "redis:x"] {
            assert!(wrong.parse::<StoreArg>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_password_of_a_store_is_not_shown() {
        let args = Cli::parse_from(["tollgate", "serve", "--store", "redis://user:hush@host"]);
        assert!(!format!("{args:?}").contains("hush"));
    }
}
