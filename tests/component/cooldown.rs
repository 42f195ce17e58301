//! The shared vectors of cooldowns (`tests/vectors/events.md`), run on the component in wasmtime.

use serde_json::{Value, json};

use crate::format::{self, CooldownRequest, decimal, hex, id, unhex};
use crate::limiter::Limiter;
use crate::limiter::interfaces::cooldown as wit;
use crate::to_wit;

/// What was said, and the record to write.
type Answer = (Value, Option<Vec<u8>>);

fn reported(reported: wit::Reported) -> Answer {
    match reported {
        wit::Reported::Added(record) => (json!("added"), Some(record)),
        wit::Reported::Known => (json!("known"), None),
        wit::Reported::Covered => (json!("covered"), None),
        wit::Reported::Full => (json!("full"), None),
    }
}

fn shown(active: &wit::ActiveEvent) -> Value {
    let id = u128::from(active.event.id.high) << 64 | u128::from(active.event.id.low);
    json!({
        "id": format!("{id:032x}"),
        "expires_at_ns": active.expires_at.to_string(),
        "retry_after_ns": active.retry_after.to_string(),
    })
}

fn refused(error: wit::CooldownError) -> Value {
    match error {
        wit::CooldownError::Code => json!({"error": "code"}),
        wit::CooldownError::Label => json!({"error": "label"}),
        wit::CooldownError::Duration => json!({"error": "duration"}),
        wit::CooldownError::Safety => json!({"error": "safety_permille"}),
        wit::CooldownError::Corrupt => json!({"error": "corrupt"}),
    }
}

fn answer(
    limiter: &mut Limiter,
    record: Option<&[u8]>,
    request: CooldownRequest,
    now: u64,
) -> Answer {
    let (cooldown, store) = (limiter.component.tollgate_limiter_cooldown(), &mut limiter.store);
    let answer = match request {
        CooldownRequest::Report { id: text, source, code, label, duration_ns, safety_permille } => {
            let event = wit::Event {
                id: to_wit::id(id(&text)),
                source: decimal(&source),
                code,
                label,
                duration: decimal(&duration_ns),
                safety_permille: safety_permille.unwrap_or(800),
            };
            cooldown.call_report(store, record, &event, now).unwrap().map(reported)
        }
        CooldownRequest::LimitedBy { code, label } => {
            let filter = wit::Filter { code, label };
            let said = cooldown.call_limited_by(store, record, &filter, now).unwrap();
            said.map(|said| (said.as_ref().map_or(Value::Null, shown), None))
        }
        CooldownRequest::Active { code, label } => {
            let filter = wit::Filter { code, label };
            let said = cooldown.call_active(store, record, &filter, now).unwrap();
            said.map(|said| (said.iter().map(shown).collect(), None))
        }
        CooldownRequest::CleanUp {} => {
            let said = cooldown.call_clean_up(store, record, now).unwrap();
            said.map(|said| (json!(said.dropped), said.record))
        }
    };
    answer.unwrap_or_else(|error| (refused(error), None))
}

/// Every step of every vector gives the answer and the bytes that stand there.
#[test]
fn the_component_does_what_the_vectors_say() {
    let mut limiter = Limiter::new();
    let mut steps = 0;
    for vector in format::cooldown().vectors {
        let mut record = vector.record.as_deref().map(unhex);
        for step in vector.steps {
            let now = decimal(&step.now_ns);
            let (answer, written) = answer(&mut limiter, record.as_deref(), step.request, now);
            assert_eq!(answer, step.answer, "{} {}", vector.why, step.why);
            let written = written.as_deref().map(hex);
            assert_eq!(written, step.record, "{} {}", vector.why, step.why);
            record = step.record.as_deref().map(unhex).or(record);
            steps += 1;
        }
    }
    // A file that lost its rows would pass as well.
    assert!(steps >= 80, "only {steps} steps");
}

/// What is reported comes back as a whole.
#[test]
fn an_active_event_is_the_event_that_was_reported() {
    let mut limiter = Limiter::new();
    let (cooldown, store) = (limiter.component.tollgate_limiter_cooldown(), &mut limiter.store);
    let event = wit::Event {
        id: to_wit::id(tollgate_core::Id::from_u128(u128::MAX - 1)),
        source: u64::MAX,
        code: "429".into(),
        label: Some("large".into()),
        duration: 1_000,
        safety_permille: 1_001,
    };
    let reported = cooldown.call_report(&mut *store, None, &event, 5).unwrap().unwrap();
    let wit::Reported::Added(record) = reported else { panic!("{reported:?}") };
    let any = wit::Filter { code: None, label: None };
    let active = cooldown.call_limited_by(&mut *store, Some(&record), &any, 6).unwrap();
    let active = active.unwrap().unwrap();
    assert_eq!(format!("{:?}", active.event), format!("{event:?}"));
    assert_eq!((active.recorded_at, active.expires_at, active.retry_after), (5, 1_006, 1_000));
}

/// Bytes that are no cooldowns are an error, and never a trap.
#[test]
fn corrupt_records_are_errors() {
    let mut limiter = Limiter::new();
    for bytes in [&[][..], &[9], b"B\x01", b"C\x01\x00", &[0xff; 45]] {
        let (answer, _) = answer(&mut limiter, Some(bytes), CooldownRequest::CleanUp {}, 0);
        assert_eq!(answer, json!({"error": "corrupt"}), "{bytes:?}");
    }
}
