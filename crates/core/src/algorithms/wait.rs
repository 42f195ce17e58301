//! Waiting for a point in time.

use crate::time::{Span, Timestamp};

/// How long from `now` until `at_ns`: zero when that is past, and [`Span::NEVER`] when it is after
/// [`Timestamp::MAX`], where time stands still.
pub(crate) const fn until(now: Timestamp, at_ns: u64) -> Span {
    if at_ns > Timestamp::MAX.as_nanos() {
        Span::NEVER
    } else {
        Timestamp::from_nanos(at_ns).since(now)
    }
}
