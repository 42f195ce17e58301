//! The shared vectors of cooldowns (`tests/vectors/events.md`), run on the core itself.

use serde_json::{Value, json};
use tollgate_core::cooldown::{Cooldown, Cooldowns, Event, EventError, Filter, Full, Reported};
use tollgate_core::{Span, Timestamp};

use crate::format::{self, CooldownRequest, decimal, hex, id, unhex};

fn refused(error: EventError) -> Value {
    json!({"error": error.field()})
}

fn filter<'a>(code: Option<&'a str>, label: Option<&'a str>) -> Result<Filter<'a>, EventError> {
    let filter = code.map_or(Ok(Filter::ANY), |code| Filter::ANY.with_code(code))?;
    label.map_or(Ok(filter), |label| filter.with_label(label))
}

fn shown(cooldown: &Cooldown, now: Timestamp) -> Value {
    json!({
        "id": format!("{:032x}", cooldown.event().id().as_u128()),
        "expires_at_ns": cooldown.expires_at().as_nanos().to_string(),
        "retry_after_ns": cooldown.retry_after(now).as_nanos().to_string(),
    })
}

/// The event that a report tells of.
fn event(request: CooldownRequest) -> Result<Event, EventError> {
    let CooldownRequest::Report { id: text, source, code, label, duration_ns, safety_permille } =
        request
    else {
        panic!("not a report")
    };
    let duration = Span::from_nanos(decimal(&duration_ns));
    let mut event = Event::new(id(&text), decimal(&source), &code, duration)?;
    if let Some(label) = label {
        event = event.with_label(&label)?;
    }
    match safety_permille {
        Some(permille) => event.with_safety(permille),
        None => Ok(event),
    }
}

fn answer(cooldowns: &mut Cooldowns, request: CooldownRequest, now: Timestamp) -> Value {
    let answered = match request {
        CooldownRequest::Report { .. } => {
            event(request).map(|event| match cooldowns.report(event, now) {
                Ok(Reported::Added) => json!("added"),
                Ok(Reported::Known) => json!("known"),
                Ok(Reported::Covered) => json!("covered"),
                Err(Full) => json!("full"),
            })
        }
        CooldownRequest::LimitedBy { code, label } => filter(code.as_deref(), label.as_deref())
            .map(|filter| {
                let limited = cooldowns.limited_by(filter, now);
                limited.map_or(Value::Null, |cooldown| shown(cooldown, now))
            }),
        CooldownRequest::Active { code, label } => {
            filter(code.as_deref(), label.as_deref()).map(|filter| {
                let active = cooldowns.active(filter, now);
                active.into_iter().map(|cooldown| shown(cooldown, now)).collect()
            })
        }
        CooldownRequest::CleanUp {} => Ok(json!(cooldowns.clean_up(now))),
    };
    answered.unwrap_or_else(refused)
}

/// Every step of every vector gives the answer and the bytes that stand there.
#[test]
fn the_core_does_what_the_vectors_say() {
    let mut steps = 0;
    for vector in format::cooldown().vectors {
        let new = || Cooldowns::new().encode();
        let mut bytes = vector.record.as_deref().map_or_else(new, unhex);
        for step in vector.steps {
            let mut cooldowns = Cooldowns::decode(&bytes).unwrap();
            let now = Timestamp::from_nanos(decimal(&step.now_ns));
            let answer = answer(&mut cooldowns, step.request, now);
            assert_eq!(answer, step.answer, "{} {}", vector.why, step.why);
            let expected = step.record.unwrap_or_else(|| hex(&bytes));
            bytes = cooldowns.encode();
            assert_eq!(hex(&bytes), expected, "{} {}", vector.why, step.why);
            steps += 1;
        }
    }
    // A file that lost its rows would pass as well.
    assert!(steps >= 80, "only {steps} steps");
}
