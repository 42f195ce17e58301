//! Ids that tie together the log lines of one request.

use std::sync::atomic::{AtomicU64, Ordering};

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};
use tollgate_store::Clock as _;

use crate::clock::SystemClock;

/// The header field in which a caller gives its request an id, and in which the answer repeats it.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id accepted from a caller, since every log line carries it. A UUID has 36 bytes.
const REQUEST_ID_BYTES_MAX: usize = 128;

/// The ids of one process.
#[derive(Debug)]
pub(crate) struct RequestIds {
    /// When the process began, so that no two processes give the same id.
    began_ns: u64,
    given: AtomicU64,
}

impl Default for RequestIds {
    fn default() -> Self {
        Self { began_ns: SystemClock.now().as_nanos(), given: AtomicU64::new(0) }
    }
}

impl RequestIds {
    /// The id that the caller gave, or a new one.
    pub(crate) fn of(&self, headers: &HeaderMap) -> String {
        headers.get(X_REQUEST_ID).and_then(taken).map_or_else(|| self.next(), str::to_owned)
    }

    fn next(&self) -> String {
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        format!("{:x}-{number}", self.began_ns)
    }
}

/// The id in `value`, unless a log line's reader could take it for more than an id.
fn taken(value: &HeaderValue) -> Option<&str> {
    let fits = (1..=REQUEST_ID_BYTES_MAX).contains(&value.len());
    let is_plain =
        value.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte));
    if fits && is_plain { value.to_str().ok() } else { None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn the_callers_id_is_taken_where_it_is_one() {
        let ids = RequestIds::default();
        let of = |text: &str| {
            ids.of(&HeaderMap::from_iter([(X_REQUEST_ID, HeaderValue::from_str(text).unwrap())]))
        };
        let longest = "x".repeat(128);
        for given in ["5f1c0d8e-7", "a_b.c:D", &longest] {
            assert_eq!(of(given), given);
        }
        for refused in ["", "a b", "a\"b", "a=b", "}", &format!("{longest}x")] {
            assert_ne!(of(refused), refused);
        }
        assert_ne!(ids.of(&HeaderMap::new()), ids.of(&HeaderMap::new()));
    }
}
