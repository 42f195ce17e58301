//! The address of a server, as the user writes it.

use std::time::Duration;

use url::Url;

use super::{CONNECT_TIMEOUT, ConnectError, RESPONSE_TIMEOUT, TIMEOUT_MAX, Timeouts};

/// `SCHEME://[USER:PASSWORD@]HOST[:PORT][,HOST[:PORT]…][/PATH][?NAME=VALUE&…]`, taken apart.
///
/// It has no `Debug`, since it holds the password.
pub(crate) struct Address {
    scheme: String,
    /// One for each host, with the user and the path, and without parameters.
    nodes: Vec<Url>,
    /// Parameters that were not taken yet.
    parameters: Vec<(String, String)>,
    shown: String,
}

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Self, ConnectError> {
        let shown = shown(text);
        let wrong = |reason: String| ConnectError::Address { address: shown.clone(), reason };
        let (scheme, rest) =
            text.split_once("://").ok_or_else(|| wrong("an address has a scheme".to_owned()))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (user, rest) = match rest.rsplit_once('@') {
            Some((user, rest)) => (format!("{user}@"), rest),
            None => (String::new(), rest),
        };
        let (hosts, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let node = |host: &str| {
            let url = Url::parse(&format!("{scheme}://{user}{host}{path}"))
                .map_err(|error| wrong(format!("it is no URL ({error})")))?;
            let is_plain = url.has_host() && url.fragment().is_none();
            is_plain
                .then_some(url)
                .ok_or_else(|| wrong("it names no host, or has a #fragment".to_owned()))
        };
        let nodes = hosts.split(',').map(node).collect::<Result<_, _>>()?;
        let parameters = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Ok(Self { scheme: scheme.to_owned(), nodes, parameters, shown })
    }

    pub(crate) fn scheme(&self) -> &str {
        &self.scheme
    }

    pub(crate) fn nodes(&self) -> &[Url] {
        &self.nodes
    }

    /// The address for messages: without user, password and parameters.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// The error for a mistake in this address.
    pub(crate) fn wrong(&self, reason: String) -> ConnectError {
        ConnectError::Address { address: self.shown.clone(), reason }
    }

    /// Takes the value of a parameter.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.parameters.iter().position(|(known, _)| known == name)?;
        Some(self.parameters.remove(at).1)
    }

    /// The timeouts, `connect_timeout_ms` and `response_timeout_ms`.
    pub(crate) fn take_timeouts(&mut self) -> Result<Timeouts, ConnectError> {
        Ok(Timeouts {
            connect: self.take_timeout("connect_timeout_ms", CONNECT_TIMEOUT)?,
            response: self.take_timeout("response_timeout_ms", RESPONSE_TIMEOUT)?,
        })
    }

    fn take_timeout(&mut self, name: &str, default: Duration) -> Result<Duration, ConnectError> {
        let Some(text) = self.take(name) else { return Ok(default) };
        match text.parse().map(Duration::from_millis) {
            Ok(timeout) if (Duration::from_millis(1)..=TIMEOUT_MAX).contains(&timeout) => {
                Ok(timeout)
            }
            _ => Err(self.wrong(format!(
                "{name} is a number of milliseconds from 1 to {}, not {text:?}",
                TIMEOUT_MAX.as_millis()
            ))),
        }
    }

    /// Refuses parameters that were not taken: unknown and repeated ones.
    pub(crate) fn finish(&self) -> Result<(), ConnectError> {
        match self.parameters.first() {
            None => Ok(()),
            Some((name, _)) => {
                Err(self.wrong(format!("the parameter {name:?} is not known, or is there twice")))
            }
        }
    }
}

/// The part of any `text` that is safe to show: nothing before an `@`, and no parameters.
fn shown(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let public = rest.rsplit('@').next().unwrap_or_default();
    let public = public.split('?').next().unwrap_or_default();
    format!("{scheme}://{public}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn refusal(text: &str) -> String {
        Address::parse(text).err().expect(text).to_string()
    }

    #[test]
    fn every_host_is_a_node_with_the_same_user_and_path() {
        let address = Address::parse("redis-cluster://u:p@a:1,b,[::1]:3/0?prefix=x").unwrap();
        let nodes: Vec<_> = address.nodes().iter().map(Url::as_str).collect();
        let expected = [
            "redis-cluster://u:p@a:1/0",
            "redis-cluster://u:p@b/0",
            "redis-cluster://u:p@[::1]:3/0",
        ];
        assert_eq!(nodes, expected);
        assert_eq!(address.shown(), "redis-cluster://a:1,b,[::1]:3/0");
    }

    #[test]
    fn parameters_are_taken_once_and_decoded() {
        let mut address = Address::parse("redis://a?prefix=x%3Ay&prefix=z").unwrap();
        assert_eq!(address.take("prefix").as_deref(), Some("x:y"));
        let error = address.finish().unwrap_err().to_string();
        assert_eq!(error, "redis://a: the parameter \"prefix\" is not known, or is there twice");
        assert_eq!(address.take("prefix").as_deref(), Some("z"));
        assert_eq!(address.finish(), Ok(()));
    }

    #[test]
    fn timeouts_have_a_range() {
        let timeout = |text: &str| {
            let mut address =
                Address::parse(&format!("redis://a?connect_timeout_ms={text}")).unwrap();
            address.take_timeouts().map(|timeouts| timeouts.connect)
        };
        assert_eq!(timeout("1"), Ok(Duration::from_millis(1)));
        assert_eq!(timeout("60000"), Ok(TIMEOUT_MAX));
        for wrong in ["0", "60001", "-1", "", "1s"] {
            let error = timeout(wrong).unwrap_err().to_string();
            assert!(error.contains("connect_timeout_ms is a number"), "{error}");
        }
    }

    /// Not even in malformed addresses: a password may contain any delimiter.
    #[test]
    fn no_error_shows_a_password() {
        for text in [
            "redis://user:hush@host:port",
            "redis://user:hush/@host:port",
            "redis://user:hush?@host",
            "redis://user:hush#@host",
            "redis://user:hush@@",
            "redis://user:hush@host#insecure",
            "user:hush@host",
            "://user:hush@host",
        ] {
            let error = refusal(text);
            assert!(!error.contains("hush"), "{error}");
        }
    }

    #[test]
    fn what_names_no_host_is_no_address() {
        for text in
            ["", "redis", "redis://", "redis://,", "redis:///0", "redis://a:x", "redis://a b"]
        {
            refusal(text);
        }
    }
}
