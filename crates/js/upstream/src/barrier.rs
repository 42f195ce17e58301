//! Barriers: records in, answers out. Times are nanoseconds since the epoch.
#![allow(unreachable_pub, reason = "wasm-bindgen takes public functions only")]

use alloc::vec::Vec;

use tollgate_core::barrier::{Arrival, Barrier, Created, Departure, Status as Core};
use tollgate_core::{Span, Timestamp};
use tollgate_js_border::convert::{error, id};
use wasm_bindgen::prelude::*;

use crate::answer::Answer;

/// Starts a generation: 0 when it did, 1 when one is alive; the number is that generation.
#[wasm_bindgen]
pub fn create(
    record: Option<Vec<u8>>,
    parties: u16,
    ttl: u64,
    now: u64,
) -> Result<Answer, JsValue> {
    let mut barrier = decode(record)?;
    let created = barrier.create(parties, Span::from_nanos(ttl), Timestamp::from_nanos(now));
    Ok(match created.map_err(error)? {
        Created::Begun { generation } => Answer::new(0, generation, Some(barrier.encode())),
        Created::Alive { generation } => Answer::new(1, generation, None),
    })
}

/// A party arrives: the code is the position in [`Arrival`].
#[wasm_bindgen]
pub fn arrive(
    record: Option<Vec<u8>>,
    party: &[u8],
    generation: u64,
    now: u64,
) -> Result<Answer, JsValue> {
    let before = decode(record)?;
    let mut barrier = before.clone();
    let arrival = barrier.arrive(id(party)?, generation, Timestamp::from_nanos(now));
    let (code, number) = match arrival {
        Arrival::Opened => (0, 0),
        Arrival::Waiting { remaining } => (1, remaining.into()),
        Arrival::AlreadyOpen => (2, 0),
        Arrival::Expired => (3, 0),
        Arrival::WrongGeneration { generation } => (4, generation),
        Arrival::NoBarrier => (5, 0),
    };
    Ok(Answer::new(code, number, written(&before, &barrier)))
}

/// A party goes on, or gives up: the code is the position in [`Departure`].
#[wasm_bindgen]
pub fn leave(
    record: Option<Vec<u8>>,
    party: &[u8],
    generation: u64,
    now: u64,
) -> Result<Answer, JsValue> {
    let before = decode(record)?;
    let mut barrier = before.clone();
    let departure = barrier.leave(id(party)?, generation, Timestamp::from_nanos(now));
    let (code, number) = match departure {
        Departure::Left { present } => (0, present.into()),
        Departure::GaveUp { remaining } => (1, remaining.into()),
        Departure::Expired => (2, 0),
        Departure::WrongGeneration { generation } => (3, generation),
        Departure::NoBarrier => (4, 0),
    };
    Ok(Answer::new(code, number, written(&before, &barrier)))
}

/// The state of a barrier.
#[wasm_bindgen]
pub struct Status(Core);

#[wasm_bindgen]
impl Status {
    pub fn generation(&self) -> u64 {
        self.0.generation
    }

    pub fn parties(&self) -> u16 {
        self.0.parties
    }

    pub fn arrived(&self) -> u16 {
        self.0.arrived
    }

    pub fn present(&self) -> u16 {
        self.0.present
    }

    pub fn is_open(&self) -> bool {
        self.0.is_open
    }

    pub fn expires_after(&self) -> u64 {
        self.0.expires_after.as_nanos()
    }
}

/// The state of the barrier; `None` when it was never created.
#[wasm_bindgen]
pub fn query(record: Option<Vec<u8>>, now: u64) -> Result<Option<Status>, JsValue> {
    Ok(decode(record)?.query(Timestamp::from_nanos(now)).map(Status))
}

fn decode(record: Option<Vec<u8>>) -> Result<Barrier, JsValue> {
    let decoded = record.map_or(Ok(Barrier::new()), |bytes| Barrier::decode(&bytes));
    decoded.map_err(|problem| error(format_args!("record: {problem}")))
}

/// The record to write; `None` when the barrier did not change.
fn written(before: &Barrier, after: &Barrier) -> Option<Vec<u8>> {
    (before != after).then(|| after.encode())
}
