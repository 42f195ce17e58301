//! Collects what the headers say, one after the other.

use alloc::vec::Vec;

use super::decimal::Decimal;
use super::field_name::{Field, Part};
use super::level::{self, Dimension, Level};
use super::{Feedback, VALUE_BYTES_MAX, WAIT_MAX, ratelimit, reset, retry_after};
use crate::time::{Span, Timestamp};

/// What the headers have said so far. Their order makes no difference.
#[derive(Debug, Default)]
pub(super) struct Heard {
    retry_after: Option<Span>,
    retry_after_millis: Option<Span>,
    cached: bool,
    levels: Vec<Level>,
}

impl Heard {
    /// Takes in one header.
    pub(super) fn header(&mut self, name: &[u8], value: &[u8], now: Timestamp) {
        if value.len() > VALUE_BYTES_MAX {
            return;
        }
        let value = value.trim_ascii();
        match Field::of(name) {
            Some(Field::RetryAfter) => {
                let said = longest(value, now, retry_after::parse);
                self.retry_after = self.retry_after.max(said);
            }
            Some(Field::RetryAfterMillis) => {
                let said = longest(value, now, |text, _| retry_after::parse_millis(text));
                self.retry_after_millis = self.retry_after_millis.max(said);
            }
            Some(Field::Age) => self.cached |= units(value).is_some_and(|secs| secs > 0),
            Some(Field::RateLimit) => self.add(ratelimit::parse(value)),
            Some(Field::RateLimitPolicy) => self.add(ratelimit::parse_policy(value)),
            Some(Field::Level(part, dimension)) => self.add(number(part, dimension, value, now)),
            None => {}
        }
    }

    fn add(&mut self, said: impl IntoIterator<Item = Level>) {
        for level in said {
            level::add(&mut self.levels, level);
        }
    }

    /// What they say together, in a response with this status.
    pub(super) fn feedback(self, status: u16) -> Feedback {
        let said = retry_after::combine(self.retry_after, self.retry_after_millis);
        let refused = (400..=599).contains(&status);
        Feedback {
            cooldown: said.filter(|_| refused).map(|span| span.min(WAIT_MAX)),
            levels: if self.cached { Vec::new() } else { self.levels },
        }
    }
}

/// A level of which one number is known; `None` if the value is malformed.
fn number(part: Part, dimension: Dimension, value: &[u8], now: Timestamp) -> Option<Level> {
    let unknown = Level::unknown(dimension);
    Some(match part {
        Part::Limit => {
            let limit = members(value).next().and_then(units);
            Level { limit: Some(limit?), ..unknown }
        }
        Part::Remaining => {
            let remaining = members(value).filter_map(units).min();
            Level { remaining: Some(remaining?), ..unknown }
        }
        Part::Reset => {
            let reset_after = longest(value, now, reset::parse);
            Level { reset_after: Some(reset_after?), ..unknown }
        }
    })
}

/// A number of units, rounded down.
fn units(text: &[u8]) -> Option<u64> {
    Decimal::parse(text).map(|number| number.whole)
}

/// The span that `value` is as a whole (a date has a comma in it), or the longest in its list.
fn longest(
    value: &[u8],
    now: Timestamp,
    parse: fn(&[u8], Timestamp) -> Option<Span>,
) -> Option<Span> {
    parse(value, now).or_else(|| members(value).filter_map(|text| parse(text, now)).max())
}

/// The members of a list, without their parameters: `100, 100;w=60`.
fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let bare = |member: &'_ [u8]| member.iter().position(|byte| *byte == b';');
    value.split(|byte| *byte == b',').map(move |member| {
        let end = bare(member).unwrap_or(member.len());
        member.get(..end).unwrap_or(member).trim_ascii()
    })
}
