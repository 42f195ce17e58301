//! Provider feedback: what an upstream says about its own limits, read from a response's headers.
//!
//! ```
//! use tollgate_core::feedback::{Dimension, Feedback};
//! use tollgate_core::{Span, Timestamp};
//!
//! let headers = [
//!     ("Retry-After", "20"),
//!     ("x-ratelimit-limit-tokens", "150000"),
//!     ("x-ratelimit-remaining-tokens", "149984"),
//!     ("x-ratelimit-reset-tokens", "6m0s"),
//! ];
//! let feedback = Feedback::from_headers(429, headers, Timestamp::from_secs(1_800_000_000));
//! assert_eq!(feedback.cooldown, Some(Span::from_secs(20)));
//!
//! let tokens = &feedback.levels[0];
//! assert_eq!(tokens.dimension, Dimension::Tokens);
//! assert_eq!((tokens.limit, tokens.remaining), (Some(150_000), Some(149_984)));
//! assert_eq!(tokens.reset_after, Some(Span::from_secs(360)));
//! ```
//!
//! # What is read
//! | header | what it says |
//! |---|---|
//! | `Retry-After` (RFC 9110): seconds, with a fraction too, or an HTTP-date in any of its three forms | the cooldown |
//! | `retry-after-ms`, `x-ms-retry-after-ms` | the cooldown; `Retry-After` counts too unless it is this rounded up to seconds |
//! | `x-ratelimit-limit`, `-remaining`, `-reset`, with `-` and a name or without; `x-rate-limit-`, `ratelimit-` likewise | the level of that name, or of requests |
//! | `x-ratelimit-reset-after` | the same as `x-ratelimit-reset` |
//! | `anthropic-ratelimit-NAME-limit`, `-remaining`, `-reset` | the level of that name |
//! | `RateLimit`, `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers 07 to 10) | levels of the names in them, or of requests |
//! | `Age` above 0 (RFC 9111) | the levels came out of a cache: they are dropped |
//!
//! A `-reset` is a number, a span such as `1h2m3.5s` (Go), an RFC 3339 timestamp or an HTTP-date. A
//! number below 10^9 is seconds from now, one below 10^11 is Unix seconds, and one below 10^14 is Unix
//! milliseconds. Spans are rounded up to the nanosecond, units are rounded down.
//!
//! # Malformed and contradictory
//! A malformed value counts as not sent, and does not affect the others. Signs, exponents and whatever
//! is not listed above are malformed. Where a value is given twice, in two headers or in one with
//! commas, the most cautious one counts: the least remaining, the lowest limit, the longest wait. Only
//! in a list of limits the first one counts, since in an old draft the policies follow it. The order of
//! the headers makes no difference.
//!
//! # Bounds
//! | what | bound | beyond |
//! |---|---|---|
//! | headers | the first [`HEADERS_MAX`] | not looked at |
//! | a value | [`VALUE_BYTES_MAX`] bytes | malformed |
//! | a dimension's name | [`NAME_BYTES_MAX`](crate::NAME_BYTES_MAX) bytes | not read |
//! | levels | [`LEVELS_MAX`] | the last in the order of [`Dimension`] are dropped |
//! | units | [`UNITS_MAX`](crate::UNITS_MAX) | count as that many |
//! | a wait | [`WAIT_MAX`] | counts as that long |

mod cursor;
mod date_time;
mod decimal;
mod field_name;
mod go_duration;
mod heard;
mod http_date;
mod level;
mod ratelimit;
mod reset;
mod retry_after;
mod rfc3339;
mod structured_field;

use alloc::vec::Vec;

use self::heard::Heard;
pub use self::level::{Dimension, Level};
use crate::time::{Span, Timestamp};

/// Most headers that are read. Common servers and clients accept about 100.
pub const HEADERS_MAX: usize = 256;
/// Longest value in bytes. The longest that makes sense is a `RateLimit` list with [`LEVELS_MAX`]
/// members, with names and partition keys.
pub const VALUE_BYTES_MAX: usize = 2_048;
/// Most levels: as many as a policy may have limits.
pub const LEVELS_MAX: usize = crate::LIMITS_MAX;
/// Longest cooldown and longest time to a reset: 31 days.
///
/// The longest quota in common use is a calendar month's. An upstream that says more has mixed up
/// units or dates, and must not stop its callers for years; calling again after a month harms nobody.
pub const WAIT_MAX: Span = Span::from_secs(31 * 86_400);

/// What an upstream said about its limits in one response.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Feedback {
    /// How long not to call at all, at most [`WAIT_MAX`].
    ///
    /// Only an error (status 400 to 599) has one: on other responses `Retry-After` says when to poll or
    /// follow, not that there are too many calls. An error without one leaves the wait to the caller.
    pub cooldown: Option<Span>,
    /// Where the limits stand, in the order of their dimensions, at most one for each.
    pub levels: Vec<Level>,
}

impl Feedback {
    /// Reads the headers of a response that came at `now` with this HTTP status.
    ///
    /// Total and pure: it never fails, and the same bytes always give the same answer. Dates are
    /// relative to `now`, so they are as accurate as the caller's clock.
    #[must_use]
    pub fn from_headers<N, V>(
        status: u16,
        headers: impl IntoIterator<Item = (N, V)>,
        now: Timestamp,
    ) -> Self
    where
        N: AsRef<[u8]>,
        V: AsRef<[u8]>,
    {
        let mut heard = Heard::default();
        for (name, value) in headers.into_iter().take(HEADERS_MAX) {
            heard.header(name.as_ref(), value.as_ref(), now);
        }
        heard.feedback(status)
    }

    /// How long to wait before the next call: the cooldown, or without one the longest time to a reset
    /// of the levels that have nothing remaining; `None` when there is no reason to wait.
    #[must_use]
    pub fn wait(&self) -> Option<Span> {
        let empty = self.levels.iter().filter(|level| level.remaining == Some(0));
        self.cooldown.or_else(|| empty.filter_map(|level| level.reset_after).max())
    }
}
