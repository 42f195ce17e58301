//! Which store, and opening it: what `serve` and `state` have in common.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use clap::Args;
use tollgate_kv::{Bounded, Durability, KeyValue, Memory, OPERATION_TIMEOUT, Redb};

#[derive(Debug, Args)]
pub(crate) struct StoreArgs {
    /// Where records are kept: "redb:PATH" (one file) or "memory".
    #[arg(long, value_name = "STORE", default_value = "redb:tollgate.redb")]
    pub(crate) store: StoreArg,

    /// When a charge is safe from a crash of a redb store: "immediate" (before it is answered), "grouped"
    /// (some milliseconds later) or "none" (when the program ends).
    #[arg(long, value_name = "WHEN", default_value_t = Durability::Grouped)]
    pub(crate) durability: Durability,
}

impl StoreArgs {
    /// Opens the store.
    pub(crate) fn open(&self) -> anyhow::Result<Arc<dyn KeyValue>> {
        Ok(match &self.store {
            StoreArg::Memory => Arc::new(Memory::default()),
            StoreArg::Redb(path) => {
                Arc::new(Bounded::new(Redb::open(path, self.durability)?, OPERATION_TIMEOUT))
            }
        })
    }
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
    use super::*;

    #[test]
    fn a_store_is_memory_or_a_redb_file() {
        assert_eq!("memory".parse(), Ok(StoreArg::Memory));
        assert_eq!("redb:a:b".parse(), Ok(StoreArg::Redb("a:b".into())));
        for wrong in ["", "redb", "redb:", "memory:", "redis:x"] {
            assert!(wrong.parse::<StoreArg>().is_err(), "{wrong:?}");
        }
    }
}
