//! What the operator says, and what is said where that is wrong.

use http::Request;
use serde_json::json;

use crate::POLICIES;
use crate::answer::Answer;
use crate::worker::Worker;

/// The hash of `key`.
const KEYS: &str = r#"
[key.gateway]
sha256 = "2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683"
tenant = "acme"
scopes = ["acquire"]
"#;

fn acquire(worker: &Worker, authorization: &[&str]) -> Answer {
    let mut request = Request::post("/v1/acquire");
    for value in authorization {
        request = request.header("authorization", *value);
    }
    let body = json!({"policy": "budget", "key": "k", "cost": 1}).to_string();
    worker.send(&request.body(body).unwrap())
}

#[test]
fn who_shows_no_key_is_not_answered() {
    let worker = Worker::start_with(&[("POLICIES", POLICIES), ("API_KEYS", KEYS)]);
    assert_eq!(acquire(&worker, &[]).status, 401);
    assert_eq!(acquire(&worker, &["Bearer another"]).status, 401);
    assert_eq!(acquire(&worker, &["Bearer key", "Bearer key"]).status, 401);
    assert_eq!(acquire(&worker, &["Bearer key"]).status, 200);
    let peek = Request::get("/v1/limits/budget/k").header("authorization", "Bearer key");
    assert_eq!(worker.send(&peek.body(String::new()).unwrap()).status, 403);
    assert!(worker.has_stored("r/acme:budget/k"), "the record is its tenant's");
}

/// Without policies, or without a word on who may ask, nothing passes; only the log says why.
#[test]
fn a_worker_that_is_not_set_up_lets_nothing_pass() {
    for variables in [
        &[("API_KEYS", "")][..],
        &[("POLICIES", POLICIES)],
        &[("POLICIES", "[policy.a]\nb = 1"), ("API_KEYS", "")],
        &[("POLICIES", POLICIES), ("API_KEYS", "[key.k]\nsha256 = 'secret'")],
    ] {
        let worker = Worker::start_with(variables);
        let answer = acquire(&worker, &[]);
        assert_eq!(answer.status, 500, "{variables:?}");
        assert_eq!(answer.json()["type"], "urn:tollgate:problem:misconfigured");
        assert!(!answer.text.contains("secret") && !answer.text.contains("policy.a"));
    }
}
