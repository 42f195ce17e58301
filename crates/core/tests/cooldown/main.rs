//! Cooldowns through the public interface: examples with a sentence each, laws against a plain list of
//! all events ever reported, and bytes.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../../../../tests/vectors/events.rs"]
mod format;

#[path = "../support/bytes.rs"]
mod bytes_support;

#[path = "../support/mod.rs"]
mod support;

mod bytes;
mod examples;
mod full;
mod laws;
mod naive;
mod vectors;

use tollgate_core::cooldown::{Event, Filter};
use tollgate_core::{Id, Span, Timestamp};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// An event that lasts `secs` seconds, all of which are counted.
fn event(id: u128, code: &str, label: Option<&str>, secs: u64) -> Event {
    let (id, duration) = (Id::from_u128(id), Span::from_secs(secs));
    let event = Event::new(id, 7, code, duration).unwrap().with_safety(1_000).unwrap();
    match label {
        Some(label) => event.with_label(label).unwrap(),
        None => event,
    }
}

/// None stands for any.
fn filter<'a>(code: Option<&'a str>, label: Option<&'a str>) -> Filter<'a> {
    let filter = code.map_or(Filter::ANY, |code| Filter::ANY.with_code(code).unwrap());
    label.map_or(filter, |label| filter.with_label(label).unwrap())
}

fn before(time: Timestamp, nanos: u64) -> Timestamp {
    Timestamp::from_nanos(time.as_nanos() - nanos)
}

fn after(time: Timestamp, nanos: u64) -> Timestamp {
    time.plus(Span::from_nanos(nanos))
}
