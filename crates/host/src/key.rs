//! `tollgate key`: a new key of the API.

use std::io::{self, Write as _};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, ValueEnum};
use sha2::{Digest as _, Sha256};

use crate::name_arg::name;

#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    /// The key's name: 1 to 64 ASCII letters, digits, "_", "-" or ".", and not dots alone.
    #[arg(value_parser = name)]
    name: String,

    /// The tenant whose records it reaches, and no others; the same characters as in a name.
    #[arg(long, value_name = "NAME", value_parser = name)]
    tenant: String,

    /// What it may be used for; may be repeated.
    #[arg(long, value_name = "SCOPE", default_values = ["acquire", "observe"])]
    scope: Vec<ScopeArg>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ScopeArg {
    /// Acquire and settle; barriers; report events, feedback and reductions.
    Acquire,
    /// Read limits, capacities, policies and metrics; watch.
    Observe,
    /// Change keys, capacities and policies.
    Admin,
}

/// Generates a key, shows it once on standard error, and writes the lines for the keys file to standard
/// output.
pub(crate) fn run(args: &KeyArgs) -> anyhow::Result<()> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).context("there are no random numbers")?;
    let key = format!("tg_{}", URL_SAFE_NO_PAD.encode(random));
    writeln!(io::stderr(), "The key, which is shown this once: {key}")
        .context("the key was not shown")?;
    write!(io::stdout(), "{}", lines(args, &key)).context("the lines were not written")
}

fn lines(args: &KeyArgs, key: &str) -> String {
    let sha256 = Sha256::digest(key).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    // In this order and each once, however they were given.
    let scopes = [
        (ScopeArg::Acquire, "\"acquire\""),
        (ScopeArg::Observe, "\"observe\""),
        (ScopeArg::Admin, "\"admin\""),
    ];
    let scopes = scopes.iter().filter(|(scope, _)| args.scope.contains(scope));
    let scopes = scopes.map(|(_, text)| *text).collect::<Vec<_>>().join(", ");
    let KeyArgs { name, tenant, .. } = args;
    // A name may contain dots, which separate keys in TOML.
    format!("[key.\"{name}\"]\nsha256 = \"{sha256}\"\ntenant = \"{tenant}\"\nscopes = [{scopes}]\n")
}

#[cfg(test)]
mod tests {
    use tollgate_policy::ApiKeys;

    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let scope = vec![ScopeArg::Admin, ScopeArg::Acquire, ScopeArg::Admin];
        let args = KeyArgs { name: "a.b".to_owned(), tenant: "acme".to_owned(), scope };
        let keys = ApiKeys::parse(&lines(&args, "tg_secret")).expect("a file of keys");
        let [key] = keys.keys() else { panic!("there is one") };
        assert_eq!((&*key.name, &*key.tenant), ("a.b", "acme"));
        assert_eq!(key.sha256.as_slice(), &*Sha256::digest("tg_secret"));
        assert_eq!(key.scopes, [tollgate_policy::Scope::Acquire, tollgate_policy::Scope::Admin]);
    }
}
