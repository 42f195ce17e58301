//! Barriers through the public interface: examples with a sentence each, laws against a log of all that
//! happened, and bytes.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../../../../tests/vectors/events.rs"]
mod format;

#[path = "../support/bytes.rs"]
mod bytes_support;

#[path = "../support/mod.rs"]
mod support;

mod bytes;
mod examples;
mod laws;
mod log;
mod vectors;

use tollgate_core::barrier::{Barrier, Created};
use tollgate_core::{Id, Span, Timestamp};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
const MINUTE: Span = Span::from_secs(60);

/// The id of a party.
const fn numbered(party: u128) -> Id {
    Id::from_u128(party)
}

/// The first generation, for so many parties and a minute.
fn begun(parties: u16) -> Barrier {
    let mut barrier = Barrier::new();
    assert_eq!(barrier.create(parties, MINUTE, NOW), Ok(Created::Begun { generation: 1 }));
    barrier
}

fn before(time: Timestamp, nanos: u64) -> Timestamp {
    Timestamp::from_nanos(time.as_nanos() - nanos)
}

fn after(time: Timestamp, nanos: u64) -> Timestamp {
    time.plus(Span::from_nanos(nanos))
}
