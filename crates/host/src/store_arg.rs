//! Which store, and opening it: what `serve` and `state` have in common.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use clap::Args;
use tollgate_kv::{Bounded, Durability, KeyValue, Memory, OPERATION_TIMEOUT, Redb};

#[derive(Debug, Args)]
pub(crate) struct StoreArgs {
    /// Where records are kept: "redb:PATH" (one file), "memory", or a server: redis://HOST, rediss://HOST,
    /// redis-cluster://HOST,HOST or nats://HOST.
    #[arg(long, value_name = "STORE", default_value = "redb:tollgate.redb")]
    pub(crate) store: StoreArg,

    /// When a charge in a redb store becomes safe from a crash: "immediate" (before the answer), "grouped"
    /// (some milliseconds later) or "none" (when the program ends).
    #[arg(long, value_name = "WHEN", default_value_t = Durability::Grouped)]
    pub(crate) durability: Durability,
}

impl StoreArgs {
    /// Opens the store.
    pub(crate) async fn open(&self) -> anyhow::Result<Arc<dyn KeyValue>> {
        Ok(match &self.store {
            StoreArg::Memory => Arc::new(Memory::default()),
            StoreArg::Server(address) => tollgate_kv::connect(address).await?,
            StoreArg::Redb(path) => {
                Arc::new(Bounded::new(Redb::open(path, self.durability)?, OPERATION_TIMEOUT))
            }
        })
    }
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
    use super::*;

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
}
