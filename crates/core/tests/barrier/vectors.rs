//! The shared vectors of barriers (`tests/vectors/events.md`), run on the core itself.

use serde_json::{Value, json};
use tollgate_core::barrier::{Arrival, Barrier, CreateError, Created, Departure};
use tollgate_core::{Span, Timestamp};

use crate::format::{self, BarrierRequest, decimal, hex, id, unhex};

fn created(created: Result<Created, CreateError>) -> Value {
    match created {
        Ok(Created::Begun { generation }) => json!({"begun": generation.to_string()}),
        Ok(Created::Alive { generation }) => json!({"alive": generation.to_string()}),
        Err(CreateError::Parties(_)) => json!({"error": "parties"}),
        Err(CreateError::Ttl(_)) => json!({"error": "ttl"}),
        Err(CreateError::LastGeneration) => json!({"error": "generation"}),
    }
}

fn arrived(arrival: Arrival) -> Value {
    match arrival {
        Arrival::Opened => json!("opened"),
        Arrival::Waiting { remaining } => json!({"waiting": remaining}),
        Arrival::AlreadyOpen => json!("already-open"),
        Arrival::Expired => json!("expired"),
        Arrival::WrongGeneration { generation } => {
            json!({"wrong-generation": generation.to_string()})
        }
        Arrival::NoBarrier => json!("no-barrier"),
    }
}

fn left(departure: Departure) -> Value {
    match departure {
        Departure::Left { present } => json!({"left": present}),
        Departure::GaveUp { remaining } => json!({"gave-up": remaining}),
        Departure::Expired => json!("expired"),
        Departure::WrongGeneration { generation } => {
            json!({"wrong-generation": generation.to_string()})
        }
        Departure::NoBarrier => json!("no-barrier"),
    }
}

fn seen(barrier: &Barrier, now: Timestamp) -> Value {
    barrier.query(now).map_or(Value::Null, |status| {
        json!({
            "generation": status.generation.to_string(),
            "parties": status.parties,
            "arrived": status.arrived,
            "present": status.present,
            "is_open": status.is_open,
            "expires_after_ns": status.expires_after.as_nanos().to_string(),
        })
    })
}

fn answer(barrier: &mut Barrier, request: &BarrierRequest, now: Timestamp) -> Value {
    match request {
        BarrierRequest::Create { parties, ttl_ns } => {
            created(barrier.create(*parties, Span::from_nanos(decimal(ttl_ns)), now))
        }
        BarrierRequest::Arrive { party, generation } => {
            arrived(barrier.arrive(id(party), decimal(generation), now))
        }
        BarrierRequest::Leave { party, generation } => {
            left(barrier.leave(id(party), decimal(generation), now))
        }
        BarrierRequest::Query {} => seen(barrier, now),
    }
}

/// Every step of every vector gives the answer and the bytes that stand there.
#[test]
fn the_core_does_what_the_vectors_say() {
    let mut steps = 0;
    for vector in format::barrier().vectors {
        let new = || Barrier::new().encode();
        let mut bytes = vector.record.as_deref().map_or_else(new, unhex);
        for step in vector.steps {
            let mut barrier = Barrier::decode(&bytes).unwrap();
            let now = Timestamp::from_nanos(decimal(&step.now_ns));
            let answer = answer(&mut barrier, &step.request, now);
            assert_eq!(answer, step.answer, "{} {}", vector.why, step.why);
            let expected = step.record.unwrap_or_else(|| hex(&bytes));
            bytes = barrier.encode();
            assert_eq!(hex(&bytes), expected, "{} {}", vector.why, step.why);
            steps += 1;
        }
    }
    // A file that lost its rows would pass as well.
    assert!(steps >= 70, "only {steps} steps");
}
