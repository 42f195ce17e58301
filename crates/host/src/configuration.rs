//! The operator's configuration files: policies and API keys.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::Path;

use tollgate_policy::{ApiKeys, PolicySet, TEXT_BYTES_MAX, TextError, compact};

/// The policies used when none are given.
pub(crate) const SAMPLE_POLICIES: &str = include_str!("../sample-policies.toml");

/// The configuration can't be used; the text says why.
#[derive(Debug)]
pub(crate) struct BadConfiguration(String);

impl fmt::Display for BadConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadConfiguration {}

/// A text, for the edge function, and its parsed form, for this program.
pub(crate) struct Written<T> {
    pub(crate) text: String,
    pub(crate) read: T,
}

/// Everything that can be reloaded while the program serves.
pub(crate) struct Configuration {
    pub(crate) policies: Written<PolicySet>,
    pub(crate) keys: Option<Written<ApiKeys>>,
}

impl Configuration {
    /// Reads the files; without a policies file, the sample policies apply.
    pub(crate) fn read(
        policies_path: Option<&Path>,
        keys_path: Option<&Path>,
    ) -> Result<Self, BadConfiguration> {
        let keys = keys_path.map(keys).transpose()?;
        Ok(Self { policies: policies(policies_path)?, keys })
    }
}

/// The policies in a file, or the sample.
pub(crate) fn policies(path: Option<&Path>) -> Result<Written<PolicySet>, BadConfiguration> {
    match path {
        None => parse("the sample", SAMPLE_POLICIES.to_owned(), PolicySet::parse),
        Some(path) => read(path, PolicySet::parse),
    }
}

/// The keys in a file.
pub(crate) fn keys(path: &Path) -> Result<Written<ApiKeys>, BadConfiguration> {
    let keys = read(path, ApiKeys::parse)?;
    if keys.read.keys().is_empty() {
        let path = path.display();
        return Err(BadConfiguration(format!("{path}: it has no key, and nobody could ask")));
    }
    Ok(keys)
}

/// Refuses to serve other machines without keys.
pub(crate) fn check_listen(listen: SocketAddr, has_keys: bool) -> Result<(), BadConfiguration> {
    if has_keys || listen.ip().is_loopback() {
        return Ok(());
    }
    Err(BadConfiguration(format!(
        "--listen {listen}: others than this machine could ask and change everything; \
         say who may with --keys FILE (`tollgate key` makes one), or listen on 127.0.0.1"
    )))
}

fn read<T>(
    path: &Path,
    parse_text: fn(&str) -> Result<T, TextError>,
) -> Result<Written<T>, BadConfiguration> {
    let name = path.display().to_string();
    let bad = |what: &dyn fmt::Display| BadConfiguration(format!("{name}: {what}"));
    let mut bytes = Vec::new();
    // Reads at most one byte over the limit, which is enough to refuse the file: a device has no end.
    let read = File::open(path)
        .and_then(|file| file.take(TEXT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes));
    read.map_err(|error| bad(&error))?;
    if bytes.len() > TEXT_BYTES_MAX {
        return Err(bad(&format_args!("it has more than {TEXT_BYTES_MAX} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| bad(&"it is no UTF-8"))?;
    parse(&name, text, parse_text)
}

fn parse<T>(
    name: &str,
    text: String,
    parse_text: fn(&str) -> Result<T, TextError>,
) -> Result<Written<T>, BadConfiguration> {
    match parse_text(&text) {
        // Compact, because every instance of the edge function parses it again.
        Ok(read) => Ok(Written { text: compact(&text).unwrap_or(text), read }),
        Err(error) => {
            let position = error.position(&text).map_or_else(String::new, |it| format!(" at {it}"));
            Err(BadConfiguration(format!("{name}: {error}{position}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_policies_parse() {
        assert!(policies(None).is_ok());
    }

    #[test]
    fn only_this_machine_may_ask_without_a_key() {
        let listen = |address: &str, has_keys| {
            check_listen(address.parse().expect("an address"), has_keys).is_ok()
        };
        assert!(listen("127.0.0.1:3000", false) && listen("[::1]:3000", false));
        assert!(!listen("0.0.0.0:3000", false) && !listen("192.0.2.1:80", false));
        assert!(listen("0.0.0.0:3000", true));
    }
}
