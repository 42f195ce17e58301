//! Upstream rate-limit events that callers share.

use serde_json::{Value, json};

use crate::support::{Api, Fault};

fn report(api: &Api, code: &str, label: Option<&str>, duration_ms: u64) -> Value {
    let body = json!({
        "upstream": "api.example", "code": code, "label": label, "duration_ms": duration_ms,
        "source": "agent-1",
    });
    let (status, answer) = api.post("/v1/events", &body);
    assert_eq!(status, 200, "{answer}");
    answer["reported"].clone()
}

#[test]
fn what_one_agent_learned_all_others_know() {
    let api = Api::new();
    assert_eq!(api.get("/v1/events/api.example")["limited"], false);
    assert_eq!(report(&api, "429", Some("gpt"), 10_000), "added");
    let events = api.get("/v1/events/api.example");
    assert_eq!((&events["limited"], &events["retry_after_ms"]), (&json!(true), &json!(8_000)));
    let event = &events["events"][0];
    assert_eq!((&event["code"], &event["label"]), (&json!("429"), &json!("gpt")));
    assert_eq!(event["safety_permille"], 800, "the upstream began to count before it answered");
    assert_eq!(api.get("/v1/events/other.example")["limited"], false);
    api.pass(8_000);
    assert_eq!(api.get("/v1/events/api.example")["limited"], false, "it has expired");
}

#[test]
fn the_event_that_expires_last_comes_first_and_filters_choose() {
    let api = Api::new();
    report(&api, "429", Some("small"), 5_000);
    report(&api, "529", None, 50_000);
    report(&api, "429", Some("large"), 20_000);
    let waits = |query: &str| {
        let events = api.get(&format!("/v1/events/api.example{query}"));
        let events = events["events"].as_array().unwrap().clone();
        events.iter().map(|event| event["retry_after_ms"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(waits(""), [40_000, 16_000, 4_000]);
    assert_eq!(waits("?code=429"), [16_000, 4_000]);
    assert_eq!(waits("?code=429&label=small"), [4_000]);
    assert_eq!(waits("?label=none"), [0; 0]);
}

#[test]
fn an_event_that_is_reported_again_counts_once() {
    let api = Api::new();
    let body = json!({"upstream": "u", "code": "429", "duration_ms": 1_000, "request_id": "e1"});
    assert_eq!(api.post("/v1/events", &body).1["reported"], "added");
    assert_eq!(api.post("/v1/events", &body).1["reported"], "known");
}

#[test]
fn a_full_record_says_so_and_expired_events_make_room() {
    let api = Api::new();
    for n in 0..128 {
        assert_eq!(report(&api, &n.to_string(), None, 10_000), "added");
    }
    assert_eq!(report(&api, "128", None, 10_000), "full");
    assert_eq!(report(&api, "7", None, 5_000), "covered");
    api.pass(10_000);
    let clean_up = json!({"upstream": "api.example"});
    assert_eq!(api.post("/v1/events/cleanup", &clean_up).1["dropped"], 128);
    assert_eq!(api.post("/v1/events/cleanup", &clean_up).1["dropped"], 0);
    assert_eq!(report(&api, "128", None, 10_000), "added");
}

#[test]
fn bad_events_are_refused_with_their_field() {
    let api = Api::new();
    let good = json!({"upstream": "u", "code": "429", "duration_ms": 1_000});
    for (field, value) in [
        ("upstream", json!("")),
        ("upstream", json!("u".repeat(513))),
        ("code", json!("")),
        ("code", json!("c".repeat(65))),
        ("label", json!("l".repeat(65))),
        ("duration_ms", json!(0)),
        ("duration_ms", json!(-1)),
        ("duration_ms", json!(366_u64 * 86_400_000 + 1)),
        ("safety_permille", json!(0)),
        ("safety_permille", json!(10_001)),
        ("request_id", json!("")),
        ("source", json!(5)),
        ("x", json!(1)),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let (status, answer) = api.post("/v1/events", &body);
        assert_eq!((status, &answer["field"]), (400, &json!(field)), "{body}");
    }
    let (_, answer) =
        api.post("/v1/events", &json!({"upstream": "u", "code": "", "duration_ms": 1}));
    assert_eq!(answer["detail"], "must be 1 to 64 bytes, not 0", "the field is told by itself");
    for query in ["?code=", "?x=1", "?code=a&code=b", "?code=%FF"] {
        assert_eq!(api.get(&format!("/v1/events/u{query}"))["status"], 400, "{query}");
    }
    assert_eq!(api.get("/v1/events/u")["limited"], false);
}

#[test]
fn an_event_is_not_told_as_reported_when_the_store_is_down() {
    let api = Api::new();
    api.fault.set(Fault::Swap);
    let body = json!({"upstream": "u", "code": "429", "duration_ms": 1_000});
    assert_eq!(api.post("/v1/events", &body).0, 503);
}
