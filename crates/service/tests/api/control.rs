//! What is done to a key by those who run the limiter, and waiting on the server.

use http::{Request, StatusCode};
use serde_json::json;

use crate::support::Api;

#[test]
fn a_penalty_is_charged_whether_there_is_room_or_not() {
    let api = Api::new();
    let (status, body) =
        api.post("/v1/penalise", &json!({"policy": "slow", "key": "k", "cost": 3}));
    assert_eq!((status, &body["limits"]["requests"]["remaining"]), (200, &json!(0)));
    let denied = api.acquire(&json!({"policy": "slow", "key": "k"}));
    assert_eq!(
        denied.json()["limits"]["requests"]["retry_after_ms"],
        6_667,
        "one of debt, one asked"
    );
}

#[test]
fn a_blocked_key_is_denied_until_the_block_ends() {
    let api = Api::new();
    let block =
        |ms: u64| api.post("/v1/block", &json!({"policy": "slow", "key": "k", "block_ms": ms}));
    assert_eq!(block(5_000).0, 200);
    let denied = api.acquire(&json!({"policy": "slow", "key": "k"}));
    assert_eq!(denied.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(denied.headers["retry-after"], "5");
    let kind = "https://iana.org/assignments/http-problem-types#abnormal-usage-detected";
    assert_eq!(denied.json()["type"], kind);
    api.pass(5_000);
    assert_eq!(api.acquire(&json!({"policy": "slow", "key": "k"})).status, StatusCode::OK);
    assert_eq!((block(60_000).0, block(0).0), (200, 200));
    assert_eq!(api.acquire(&json!({"policy": "slow", "key": "k"})).status, StatusCode::OK);
}

/// Its limits may have all the room that there is: why nothing passes is told beside them.
#[test]
fn who_looks_at_a_blocked_key_is_told_for_how_long() {
    let api = Api::new();
    let look = || api.get("/v1/limits/slow/k")["blocked_for_ms"].clone();
    let minimal = || {
        let request = Request::get("/v1/limits/slow/k").header("prefer", "return=minimal");
        api.send(request, "").header("tollgate-blocked-for-ms").map(str::to_owned)
    };
    assert_eq!((look(), minimal()), (json!(null), None));
    api.post("/v1/block", &json!({"policy": "slow", "key": "k", "block_ms": 5_000}));
    api.pass(1_000);
    assert_eq!((look(), minimal()), (json!(4_000), Some(String::from("4000"))));
    api.pass(4_000);
    assert_eq!((look(), minimal()), (json!(null), None), "it ended");
    let headers = json!({"Retry-After": "20"});
    let refused = json!({"policy": "slow", "key": "k", "status": 429, "headers": headers});
    api.post("/v1/feedback", &refused);
    assert_eq!(look(), json!(20_000), "whoever blocked it");
}

#[test]
fn a_reset_key_is_as_fresh_as_one_that_was_never_seen() {
    let api = Api::new();
    api.post("/v1/acquire", &json!({"policy": "slow", "key": "k", "cost": 2}));
    api.post("/v1/block", &json!({"policy": "slow", "key": "k", "block_ms": 60_000}));
    assert_eq!(api.post("/v1/reset", &json!({"policy": "slow", "key": "k"})).0, 200);
    assert_eq!(api.remaining("slow", "k", "requests"), 2);
    assert_eq!(api.acquire(&json!({"policy": "slow", "key": "k"})).status, StatusCode::OK);
}

#[test]
fn what_remains_is_lowered_and_never_raised() {
    let api = Api::new();
    let lower = |remaining: u64| {
        let body = json!({"policy": "llm", "key": "k", "limit": "tokens", "remaining": remaining});
        api.post("/v1/lower", &body).1["limits"]["tokens"]["remaining"].clone()
    };
    assert_eq!(lower(40), 40);
    assert_eq!(lower(900), 40);
    let nameless = api.post("/v1/lower", &json!({"policy": "llm", "key": "k", "remaining": 1}));
    assert_eq!((nameless.0, &nameless.1["field"]), (400, &json!("limit")));
}

#[test]
fn who_waits_on_the_server_passes_when_there_is_room() {
    let api = Api::new();
    let ask = json!({"policy": "slow", "key": "k", "cost": 2, "wait_ms": 4_000});
    assert_eq!(api.acquire(&ask).status, StatusCode::OK);
    let one = json!({"policy": "slow", "key": "k", "wait_ms": 4_000});
    let before = api.clock_millis();
    assert_eq!(api.acquire(&one).status, StatusCode::OK);
    assert_eq!(api.clock_millis() - before, 3_333, "it waited until then, and no longer");
    let before = api.clock_millis();
    assert_eq!(api.acquire(&ask).status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(api.clock_millis(), before, "who would wait in vain is told at once");
}

#[test]
fn a_low_priority_leaves_room_for_the_others() {
    let api = Api::new();
    let ask = |priority: &str| {
        let body =
            json!({"policy": "llm", "key": "k", "cost": {"tokens": 300}, "priority": priority});
        api.acquire(&body).status
    };
    assert_eq!(ask("low"), StatusCode::OK);
    assert_eq!(ask("low"), StatusCode::TOO_MANY_REQUESTS, "half of it is for others");
    assert_eq!(ask("normal"), StatusCode::OK);
    assert_eq!(ask("high"), StatusCode::OK);
    assert_eq!(ask("urgent"), StatusCode::BAD_REQUEST);
}
