//! The Worker answers what the native service answers: status, headers and body.

use http::Request;
use serde_json::{Value, json};

use crate::native::Native;
use crate::worker::Worker;

fn post(path: &str, body: &Value) -> Request<String> {
    Request::post(path).body(body.to_string()).unwrap()
}

fn get(path: &str) -> Request<String> {
    Request::get(path).body(String::new()).unwrap()
}

fn minimal(body: &Value) -> Request<String> {
    let request = Request::post("/v1/acquire").header("prefer", "return=minimal");
    request.body(body.to_string()).unwrap()
}

/// The same key, with more members.
fn with(policy: &str, key: &str, more: Value) -> Value {
    let mut body = json!({"policy": policy, "key": key});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// Asks both, in this order.
fn assert_same(requests: impl IntoIterator<Item = Request<String>>) {
    let (worker, native) = (Worker::start(), Native::new());
    for (index, request) in requests.into_iter().enumerate() {
        let what = format!("request {index}: {request:?}");
        worker.send(&request).assert_same(&native.send(&request), &what);
    }
}

#[test]
fn about_one_key() {
    let llm = |more| with("llm", "team/7", more);
    assert_same([
        post("/v1/acquire", &with("budget", "a", json!({"cost": 60}))),
        post("/v1/acquire", &with("budget", "a", json!({"cost": 60}))),
        post("/v1/acquire", &with("budget", "a", json!({"cost": 101}))),
        minimal(&with("budget", "a", json!({"cost": 1}))),
        minimal(&with("budget", "a", json!({"cost": 60}))),
        get("/v1/limits/budget/a"),
        get("/v1/limits/budget/nobody"),
        post("/v1/acquire", &with("api", "b", json!({}))),
        post("/v1/acquire", &with("api", "b", json!({"cost": 20}))),
        post("/v1/acquire", &llm(json!({"cost": {"input_tokens": 812}}))),
        post("/v1/acquire", &llm(json!({"cost": {"input_tokens": 99_900}}))),
        minimal(&llm(json!({"cost": {"input_tokens": 1}}))),
        get("/v1/limits/llm/team%2F7"),
        post("/v1/acquire", &with("api", "id", json!({"request_id": "r-1"}))),
        post("/v1/acquire", &with("api", "id", json!({"request_id": "r-1"}))),
        post("/v1/acquire", &with("api", "\u{1f980} \"\n", json!({"priority": "low"}))),
        post("/v1/block", &with("budget", "a", json!({"block_ms": 60_000}))),
        post("/v1/acquire", &with("budget", "a", json!({"cost": 1}))),
        post("/v1/reset", &with("budget", "a", json!({}))),
        post("/v1/acquire", &with("budget", "a", json!({"cost": 1}))),
        post("/v1/penalise", &with("budget", "a", json!({"cost": 9}))),
        post("/v1/capacity/reduce", &with("upstream", "u", json!({"factor_permille": 500}))),
        get("/v1/capacity/upstream/u"),
    ]);
}

/// A hold whose request has an id has the same lease everywhere.
#[test]
fn about_leases() {
    let (worker, native) = (Worker::start(), Native::new());
    let hold = |policy: &str, id: &str, cost: u64| {
        with(policy, "k", json!({"cost": cost, "hold_ms": 60_000, "request_id": id}))
    };
    let ask = |path: &str, body: &Value| {
        let (request, what) = (post(path, body), format!("{path} {body}"));
        let answer = worker.send(&request);
        answer.assert_same(&native.send(&request), &what);
        answer
    };
    let held =
        |policy, id, cost| ask("/v1/acquire", &hold(policy, id, cost)).json()["lease"].clone();
    let (settled, released) = (held("budget", "s", 40), held("budget", "r", 40));
    assert_eq!(ask("/v1/acquire", &with("budget", "k", json!({"cost": 30}))).status, 429);
    ask("/v1/renew", &json!({"lease": settled, "hold_ms": 120_000}));
    assert_eq!(ask("/v1/settle", &json!({"lease": settled, "cost": 25})).status, 200);
    assert_eq!(ask("/v1/release", &json!({"lease": released})).status, 200);
    for path in ["/v1/settle", "/v1/release"] {
        assert_eq!(ask(path, &json!({"lease": released})).status, 410, "{path}");
    }
    let slots = ["1", "2"].map(|id| held("jobs", id, 1));
    assert_eq!(ask("/v1/acquire", &hold("jobs", "3", 1)).status, 429);
    ask("/v1/release", &json!({"lease": slots[0]}));
    assert_eq!(ask("/v1/acquire", &hold("jobs", "3", 1)).status, 200);
}

/// What is about several objects is decided in the Worker, which asks them one by one.
#[test]
fn about_several_keys() {
    let key = |key: &str, cost: u64| with("budget", key, json!({"cost": cost}));
    let several = |cost: u64| json!({"keys": [key("user", cost), key("team", cost)]});
    let held =
        json!({"keys": [key("user", 5), key("team", 5)], "hold_ms": 60_000, "request_id": "h"});
    assert_same([
        post("/v1/acquire", &several(60)),
        post("/v1/acquire", &several(60)),
        post("/v1/acquire", &key("team", 30)),
        post("/v1/acquire", &held),
        get("/v1/limits/budget/user"),
        get("/v1/limits/budget/team"),
        post("/v1/acquire/batch", &json!({"requests": [key("c", 60), key("d", 1), key("c", 60)]})),
        post("/v1/pools/acquire", &json!({"pool": "both", "cost": 70})),
        post("/v1/pools/acquire", &json!({"pool": "both", "cost": 70})),
        post("/v1/pools/acquire", &json!({"pool": "both", "cost": 70})),
    ]);
}

#[test]
fn about_events_barriers_and_itself() {
    let party = |name: &str| json!({"barrier": "b", "party": name, "generation": 0});
    assert_same([
        get("/v1/events/u"),
        post("/v1/events/cleanup", &json!({"upstream": "u"})),
        post("/v1/barriers", &json!({"barrier": "b", "parties": 2})),
        post("/v1/barriers/arrive", &party("x")),
        post("/v1/barriers/leave", &party("x")),
        get("/v1/barriers/b"),
        get("/v1/barriers/none"),
        post("/v1/events", &json!({"upstream": "u"})),
        get("/healthz"),
        get("/readyz"),
        get("/openapi.json"),
        get("/nowhere"),
        get("/v1/acquire"),
        Request::head("/healthz").body(String::new()).unwrap(),
        Request::delete("/v1/acquire").body(String::new()).unwrap(),
        Request::head("/v1/limits/budget/a").body(String::new()).unwrap(),
    ]);
}
