//! What an upstream says about its own limits, learned by a key.

use http::Request;
use serde_json::json;

use crate::support::Api;

#[test]
fn limits_of_the_same_names_are_lowered_and_never_raised() {
    let api = Api::new();
    let learn = |remaining: &str| {
        let headers = json!({
            "x-ratelimit-remaining-requests": "4",
            "x-ratelimit-remaining-tokens": remaining,
            "x-ratelimit-remaining-images": "1",
        });
        let body = json!({"policy": "llm", "key": "k", "status": 200, "headers": headers});
        api.post("/v1/feedback", &body)
    };
    let (status, body) = learn("300");
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["limits"]["requests"]["remaining"], 4);
    assert_eq!(body["limits"]["tokens"]["remaining"], 300);
    assert_eq!(body["levels"].as_array().unwrap().len(), 3, "what is not known here is told too");
    assert_eq!(learn("900").1["limits"]["tokens"]["remaining"], 300);
}

#[test]
fn a_key_is_blocked_for_as_long_as_the_upstream_asks() {
    let api = Api::new();
    let body = json!({
        "policy": "llm", "key": "k", "status": 429, "headers": {"Retry-After": "20"},
    });
    assert_eq!(api.post("/v1/feedback", &body).1["cooldown_ms"], 20_000);
    let ask = json!({"policy": "llm", "key": "k", "cost": {"tokens": 1}});
    assert_eq!(api.acquire(&ask).headers["retry-after"], "20");
    api.pass(20_000);
    assert_eq!(api.acquire(&ask).status, 200);
}

#[test]
fn a_block_in_force_is_made_longer_and_never_shorter() {
    let api = Api::new();
    let blocked_for_ms = || api.get("/v1/limits/llm/k")["blocked_for_ms"].clone();
    let block = json!({"policy": "llm", "key": "k", "block_ms": 60_000});
    assert_eq!(api.post("/v1/block", &block).0, 200);
    for (seconds, expected_ms) in [("1", 60_000), ("0", 60_000), ("90", 90_000), ("60", 90_000)] {
        let headers = json!({"Retry-After": seconds});
        let body = json!({"policy": "llm", "key": "k", "status": 429, "headers": headers});
        assert_eq!(api.post("/v1/feedback", &body).0, 200);
        assert_eq!(blocked_for_ms(), expected_ms, "after {seconds} s");
    }
}

#[test]
fn headers_that_say_nothing_change_nothing() {
    let api = Api::new();
    for headers in [json!(null), json!({}), json!({"Retry-After": "soon", "date": "x"})] {
        let body = json!({"policy": "llm", "key": "k", "status": 429, "headers": headers});
        let (status, body) = api.post("/v1/feedback", &body);
        assert_eq!((status, &body["cooldown_ms"]), (200, &json!(null)));
        assert_eq!(body["limits"]["tokens"]["remaining"], 1_000);
    }
    for (body, field) in [
        (json!({"policy": "llm", "key": "k"}), "status"),
        (json!({"policy": "llm", "key": "k", "status": 99}), "status"),
        (json!({"policy": "llm", "key": "k", "status": 200, "headers": []}), "headers"),
        (json!({"policy": "llm", "key": "k", "status": 200, "headers": {"a": 1}}), "headers.a"),
    ] {
        let (status, answer) = api.post("/v1/feedback", &body);
        assert_eq!((status, &answer["field"]), (400, &json!(field)), "{body}");
    }
}

/// What comes twice is ambiguous, as in every other object.
#[test]
fn a_header_that_is_given_twice_is_refused() {
    let api = Api::new();
    let body = r#"{"policy":"llm","key":"k","status":429,"headers":{"Retry-After":"1","Retry-After":"9"}}"#;
    let answer = api.send(Request::post("/v1/feedback"), body);
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["field"]),
        (400, &json!("headers.Retry-After"))
    );
}
