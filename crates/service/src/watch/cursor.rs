//! A watcher's position in the stream.

use std::fmt;

use http::HeaderName;
use tollgate_core::Timestamp;

/// The header field in which a reconnecting client gives its position.
pub const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// A position in the stream, used as the id of its events. It has two parts, since recoveries are in no log: the
/// id of a log entry, and the time through which recoveries were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) log: u64,
    pub(crate) recovered: Timestamp,
}

impl Cursor {
    /// Parses `17-1800000000000000000`, the time in nanoseconds. Without the second part, all recoveries are sent.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (log, recovered) = text.split_once('-').unwrap_or((text, "0"));
        let recovered = Timestamp::from_nanos(number(recovered)?);
        Some(Self { log: number(log)?, recovered })
    }
}

/// Digits and nothing else.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.log, self.recovered.as_nanos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_is_written() {
        let cursor = Cursor { log: 17, recovered: Timestamp::from_nanos(5) };
        assert_eq!(Cursor::read(&cursor.to_string()), Some(cursor));
        assert_eq!(
            Cursor::read("17"),
            Some(Cursor { recovered: Timestamp::EPOCH, ..cursor }),
            "the second part may be left out"
        );
        for text in ["", "-", "17-", "-5", "+17", "17-5-3", " 17", "x", "99999999999999999999"] {
            assert_eq!(Cursor::read(text), None, "{text:?}");
        }
    }
}
