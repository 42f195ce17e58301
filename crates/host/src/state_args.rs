//! The command line of `tollgate state`.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use tollgate_core::{KEY_BYTES_MAX, is_key};

use crate::name_arg::name;
use crate::store_arg::StoreArgs;

/// Inspect and move the contents of a store. A redb file can be open in one process only: stop the
/// server first.
#[derive(Debug, Subcommand)]
pub(crate) enum StateCommand {
    /// Write everything that a store holds as lines of JSON.
    Dump(DumpArgs),
    /// Write a dump into a store.
    Restore(RestoreArgs),
    /// Print one record.
    Get(GetArgs),
    /// Write one record, replacing any that is there.
    Set(SetArgs),
    /// Remove one record.
    Delete(DeleteArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DumpArgs {
    /// A new file for the dump, or "-" for standard output.
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) store: StoreArgs,

    /// Policies, as TOML or JSON: the dump decodes their records, with the status of each limit.
    #[arg(long, value_name = "FILE")]
    pub(crate) policies: Option<PathBuf>,

    /// Show no progress bar. There is none either if standard error is not a terminal.
    #[arg(long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The dump: a file, which is checked in full before anything is written, or "-" for standard input,
    /// which is restored up to the first invalid line.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) store: StoreArgs,

    /// Replace records that the store already has, instead of stopping at the first that differs.
    #[arg(long)]
    pub(crate) overwrite: bool,

    /// Show no progress bar. There is none either if standard error is not a terminal.
    #[arg(long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct GetArgs {
    #[command(flatten)]
    pub(crate) record: RecordArgs,

    #[command(flatten)]
    pub(crate) store: StoreArgs,

    /// Policies, as TOML or JSON: decode the record, with the status of each limit.
    #[arg(long, value_name = "FILE")]
    pub(crate) policies: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    #[command(flatten)]
    pub(crate) record: RecordArgs,

    /// The record in hexadecimal, as "state get" prints it.
    #[arg(long = "record", value_name = "HEX")]
    pub(crate) bytes: String,

    #[command(flatten)]
    pub(crate) store: StoreArgs,

    /// Policies, as TOML or JSON: refuse bytes that are not a record of theirs.
    #[arg(long, value_name = "FILE")]
    pub(crate) policies: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    pub(crate) record: RecordArgs,

    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// Which record.
#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// The policy of the record.
    #[arg(long, value_name = "NAME", requires = "key", value_parser = name)]
    policy: Option<String>,

    /// The key that is limited by it.
    #[arg(
        long,
        value_name = "KEY",
        requires = "policy",
        required_unless_present = "record_key",
        value_parser = key
    )]
    key: Option<String>,

    /// The tenant whose record it is, if the API has keys.
    #[arg(long, value_name = "NAME", requires = "policy", value_parser = name)]
    tenant: Option<String>,

    /// The key in the store, instead of a policy and a key.
    #[arg(
        long,
        value_name = "KEY",
        conflicts_with_all = ["policy", "key"],
        value_parser = NonEmptyStringValueParser::new()
    )]
    record_key: Option<String>,
}

impl RecordArgs {
    /// The key in the store.
    pub(crate) fn record_key(&self) -> String {
        match (&self.record_key, &self.policy, &self.key) {
            (None, Some(policy), Some(key)) => {
                tollgate_service::record_key(self.tenant.as_deref(), policy, key)
            }
            (record_key, _, _) => record_key.clone().unwrap_or_default(),
        }
    }
}

/// `text`, if a service would take it as a key.
fn key(text: &str) -> Result<String, String> {
    if is_key(text) {
        return Ok(text.to_owned());
    }
    Err(format!("a key has 1 to {KEY_BYTES_MAX} bytes, not {}", text.len()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Which {
        #[command(flatten)]
        record: RecordArgs,
    }

    fn record_key(args: &[&str]) -> Option<String> {
        let args = [&["tollgate"], args].concat();
        Which::try_parse_from(args).ok().map(|which| which.record.record_key())
    }

    #[test]
    fn a_record_is_told_by_policy_and_key_or_by_its_own_key() {
        let tenant = ["--tenant", "acme", "--policy", "api", "--key", "alice"];
        assert_eq!(record_key(&tenant).as_deref(), Some("r/acme:api/alice"));
        let told = record_key(&["--policy", "api", "--key", "alice"]);
        assert_eq!(told.as_deref(), Some("r/api/alice"));
        let long = "k".repeat(500);
        let hashed = record_key(&["--policy", "api", "--key", &long]).unwrap();
        assert!(hashed.starts_with("h/api/"), "{hashed}");
        assert_eq!(record_key(&["--record-key", "s/0/r/x"]).as_deref(), Some("s/0/r/x"));
        for wrong in [
            &[][..],
            &["--policy", "api"],
            &["--key", "alice"],
            &["--policy", "api", "--key", "alice", "--record-key", "r/api/alice"],
            &["--key", "alice", "--record-key", "r/api/alice"],
            &["--policy", "api", "--key", ""],
            &["--policy", "api", "--key", &"k".repeat(KEY_BYTES_MAX + 1)],
            &["--policy", "", "--key", "alice"],
            &["--policy", "a/b", "--key", "alice"],
            &["--policy", "api", "--key", "alice", "--tenant", "a:b"],
            &["--record-key", ""],
        ] {
            assert_eq!(record_key(wrong), None, "{wrong:?}");
        }
    }
}
