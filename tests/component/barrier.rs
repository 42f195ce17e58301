//! The shared vectors of barriers (`tests/vectors/events.md`), run on the component in wasmtime.

use serde_json::{Value, json};

use crate::format::{self, BarrierRequest, decimal, hex, id, unhex};
use crate::limiter::interfaces::barrier as wit;
use crate::limiter::{Limiter, wit_id};

/// What was said, and the record to write.
type Answer = (Value, Option<Vec<u8>>);

fn created(created: wit::Created) -> Value {
    match created {
        wit::Created::Begun(generation) => json!({"begun": generation.to_string()}),
        wit::Created::Alive(generation) => json!({"alive": generation.to_string()}),
    }
}

fn arrived(arrival: wit::Arrival) -> Value {
    match arrival {
        wit::Arrival::Opened => json!("opened"),
        wit::Arrival::Waiting(remaining) => json!({"waiting": remaining}),
        wit::Arrival::AlreadyOpen => json!("already-open"),
        wit::Arrival::Expired => json!("expired"),
        wit::Arrival::WrongGeneration(present) => json!({"wrong-generation": present.to_string()}),
        wit::Arrival::NoBarrier => json!("no-barrier"),
    }
}

fn left(departure: wit::Departure) -> Value {
    match departure {
        wit::Departure::Left(present) => json!({"left": present}),
        wit::Departure::GaveUp(remaining) => json!({"gave-up": remaining}),
        wit::Departure::Expired => json!("expired"),
        wit::Departure::WrongGeneration(present) => {
            json!({"wrong-generation": present.to_string()})
        }
        wit::Departure::NoBarrier => json!("no-barrier"),
    }
}

fn seen(status: Option<wit::Status>) -> Value {
    status.map_or(Value::Null, |status| {
        json!({
            "generation": status.generation.to_string(),
            "parties": status.parties,
            "arrived": status.arrived,
            "present": status.present,
            "is_open": status.is_open,
            "expires_after_ns": status.expires_after.to_string(),
        })
    })
}

fn refused(error: wit::BarrierError) -> Value {
    match error {
        wit::BarrierError::Parties => json!({"error": "parties"}),
        wit::BarrierError::Ttl => json!({"error": "ttl"}),
        wit::BarrierError::Generation => json!({"error": "generation"}),
        wit::BarrierError::Corrupt => json!({"error": "corrupt"}),
    }
}

fn answer(
    limiter: &mut Limiter,
    record: Option<&[u8]>,
    request: &BarrierRequest,
    now: u64,
) -> Answer {
    let (barrier, store) = (limiter.component.tollgate_limiter_barrier(), &mut limiter.store);
    let answer = match request {
        BarrierRequest::Create { parties, ttl_ns } => {
            let ttl = decimal(ttl_ns);
            let said = barrier.call_create(store, record, *parties, ttl, now).unwrap();
            said.map(|(said, record)| (created(said), record))
        }
        BarrierRequest::Arrive { party, generation } => {
            let (party, generation) = (wit_id(id(party)), decimal(generation));
            let said = barrier.call_arrive(store, record, party, generation, now).unwrap();
            said.map(|(said, record)| (arrived(said), record))
        }
        BarrierRequest::Leave { party, generation } => {
            let (party, generation) = (wit_id(id(party)), decimal(generation));
            let said = barrier.call_leave(store, record, party, generation, now).unwrap();
            said.map(|(said, record)| (left(said), record))
        }
        BarrierRequest::Query {} => {
            let said = barrier.call_query(store, record, now).unwrap();
            said.map(|said| (seen(said), None))
        }
    };
    answer.unwrap_or_else(|error| (refused(error), None))
}

/// Every step of every vector gives the answer and the bytes that stand there.
#[test]
fn the_component_does_what_the_vectors_say() {
    let mut limiter = Limiter::new();
    let mut steps = 0;
    for vector in format::barrier().vectors {
        let mut record = vector.record.as_deref().map(unhex);
        for step in vector.steps {
            let now = decimal(&step.now_ns);
            let (answer, written) = answer(&mut limiter, record.as_deref(), &step.request, now);
            assert_eq!(answer, step.answer, "{} {}", vector.why, step.why);
            let written = written.as_deref().map(hex);
            assert_eq!(written, step.record, "{} {}", vector.why, step.why);
            record = step.record.as_deref().map(unhex).or(record);
            steps += 1;
        }
    }
    // A file that lost its rows would pass as well.
    assert!(steps >= 70, "only {steps} steps");
}

/// Bytes that are no barrier are an error, and never a trap.
#[test]
fn corrupt_records_are_errors() {
    let mut limiter = Limiter::new();
    for bytes in [&[][..], &[9], b"B\x01", b"C\x01", &[0xff; 45]] {
        let request = BarrierRequest::Query {};
        let (answer, _) = answer(&mut limiter, Some(bytes), &request, 0);
        assert_eq!(answer, json!({"error": "corrupt"}), "{bytes:?}");
    }
}
