//! The client's configuration: address, API key, timeouts and attempts.

use std::time::Duration;

use http::uri::Authority;
use http::{HeaderValue, Uri};

use crate::error::ClientError;

/// Default time for an answer: the longest that the service takes.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest time that an answer may be given.
pub const ANSWER_TIMEOUT_MAX: Duration = Duration::from_secs(60);
/// Default time for connecting.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Default for the longest answer in bytes, twice that of a batch of 256 acquires under policies of 16
/// limits.
pub const ANSWER_BYTES: usize = 1 << 20;
/// Longest answer that may be allowed for, in bytes.
pub const ANSWER_BYTES_MAX: usize = 64 << 20;
/// Default for how often a request is sent at most.
pub const ATTEMPTS: u32 = 3;
/// Most attempts that may be configured: a request that needs more is asking a service that is down.
pub const ATTEMPTS_MAX: u32 = 10;
/// Longest API key in bytes: a service accepts none longer.
const API_KEY_BYTES_MAX: usize = 256;

/// The client's configuration: address, API key, timeouts and attempts. Its `Debug` output does not contain the key.
///
/// ```
/// use std::time::Duration;
/// use tollgate_client::Config;
///
/// let config = Config::new("http://127.0.0.1:3000")?
///     .with_key("tg_7Yw1")?
///     .with_answer_timeout(Duration::from_secs(2));
/// assert!(!format!("{config:?}").contains("7Yw1"));
/// # Ok::<(), tollgate_client::ClientError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Config {
    /// Without a slash at its end.
    pub(crate) base_url: Box<str>,
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) answer_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) answer_bytes_max: usize,
    pub(crate) attempts_max: u32,
}

impl Config {
    /// For the service at `base_url`: `http://HOST:PORT`, with a path in front of `/v1` if there is one.
    /// `https` needs the feature `tls`.
    ///
    /// # Errors
    /// [`ClientError::Refused`] of the field `base_url`.
    pub fn new(base_url: &str) -> Result<Self, ClientError> {
        let refused = |detail: &str| ClientError::refused("base_url", detail);
        let uri: Uri = base_url.parse().map_err(|_| refused("is no URL"))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") if cfg!(feature = "tls") => {}
            Some("https") => return Err(refused("https needs the feature `tls`")),
            _ => return Err(refused("must begin with http:// or https://")),
        }
        let (host, authority) = (uri.host().unwrap_or_default(), uri.authority());
        let authority = authority.map(Authority::as_str).unwrap_or_default();
        if host.is_empty() || authority.contains('@') {
            return Err(refused("must name a host, and nobody else: a key is given by itself"));
        }
        if host != authority && uri.port_u16().is_none() {
            return Err(refused("must have a port of 0 to 65535, or none"));
        }
        if uri.query().is_some() || base_url.contains('#') {
            return Err(refused("must end with its path"));
        }
        Ok(Self {
            base_url: base_url.trim_end_matches('/').into(),
            authorization: None,
            answer_timeout: ANSWER_TIMEOUT,
            connect_timeout: CONNECT_TIMEOUT,
            answer_bytes_max: ANSWER_BYTES,
            attempts_max: ATTEMPTS,
        })
    }

    /// Authenticates with this key of the API: 1 to 256 visible ASCII characters.
    ///
    /// # Errors
    /// [`ClientError::Refused`] of the field `key`, which does not repeat it.
    pub fn with_key(mut self, key: &str) -> Result<Self, ClientError> {
        if key.is_empty()
            || key.len() > API_KEY_BYTES_MAX
            || !key.bytes().all(|it| it.is_ascii_graphic())
        {
            let detail = format!("must have 1 to {API_KEY_BYTES_MAX} visible ASCII characters");
            return Err(ClientError::refused("key", detail));
        }
        let mut value = HeaderValue::try_from(format!("Bearer {key}"))
            .map_err(|_| ClientError::refused("key", "is no header field"))?;
        value.set_sensitive(true);
        self.authorization = Some(value);
        Ok(self)
    }

    /// The timeout of each answer: 1 ms to [`ANSWER_TIMEOUT_MAX`]; a value outside counts as the nearest one.
    /// Time that the service is told to wait comes on top.
    #[must_use]
    pub fn with_answer_timeout(mut self, timeout: Duration) -> Self {
        self.answer_timeout = timeout.clamp(Duration::from_millis(1), ANSWER_TIMEOUT_MAX);
        self
    }

    /// How long connecting may take, as a part of the time for an answer: 1 ms to [`ANSWER_TIMEOUT_MAX`]. A
    /// value outside counts as the nearest one.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout.clamp(Duration::from_millis(1), ANSWER_TIMEOUT_MAX);
        self
    }

    /// How many bytes of an answer are read at most: up to [`ANSWER_BYTES_MAX`]; a larger number counts as that.
    #[must_use]
    pub fn with_answer_bytes_max(mut self, bytes: usize) -> Self {
        self.answer_bytes_max = bytes.min(ANSWER_BYTES_MAX);
        self
    }

    /// The most attempts per request: 1 to [`ATTEMPTS_MAX`]; a value outside counts as the nearest one.
    #[must_use]
    pub fn with_attempts_max(mut self, attempts: u32) -> Self {
        self.attempts_max = attempts.clamp(1, ATTEMPTS_MAX);
        self
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    /// What is beyond a bound counts as the nearest that is not.
    #[test]
    fn patience_is_bounded() {
        let config = || Config::new("http://edge").unwrap();
        let least = Duration::from_millis(1);
        for (asked, taken) in [(Duration::ZERO, least), (Duration::MAX, ANSWER_TIMEOUT_MAX)] {
            assert_eq!(config().with_answer_timeout(asked).answer_timeout, taken);
            assert_eq!(config().with_connect_timeout(asked).connect_timeout, taken);
        }
        for (asked, taken) in [(0, 1), (u32::MAX, ATTEMPTS_MAX)] {
            assert_eq!(config().with_attempts_max(asked).attempts_max, taken);
        }
        let config = config().with_answer_bytes_max(usize::MAX);
        assert_eq!(config.answer_bytes_max, ANSWER_BYTES_MAX);
    }
}
