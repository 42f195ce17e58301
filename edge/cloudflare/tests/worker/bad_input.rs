//! Bad input is told what is wrong with it, as everywhere, and no object remembers it.

use http::Request;
use serde_json::json;

use crate::native::Native;
use crate::worker::Worker;

fn bodies() -> Vec<String> {
    let rows = [
        "{",
        "null",
        "[]",
        "{}",
        r#"{"policy":"budget"}"#,
        r#"{"policy":"none","key":"bad"}"#,
        r#"{"policy":"budget","key":"bad","key":"bad"}"#,
        r#"{"policy":"budget","key":""}"#,
        r#"{"policy":"budget","key":"\ud800"}"#,
        r#"{"policy":"budget","key":"bad","cost":1.5}"#,
        r#"{"policy":"budget","key":"bad","cost":9007199254740992}"#,
        r#"{"policy":"budget","key":"bad","cost":{"tokens":1}}"#,
        r#"{"policy":"budget","key":"bad","cost":1,"wait_ms":4001}"#,
        r#"{"policy":"jobs","key":"bad","cost":1}"#,
        r#"{"keys":[]}"#,
        r#"{"keys":[{"policy":"budget","key":"bad","cost":1},{"policy":"budget","key":"bad","cost":1}]}"#,
    ];
    let mut bodies = rows.map(String::from).to_vec();
    bodies.push(json!({"policy": "budget", "key": "k".repeat(513), "cost": 1}).to_string());
    bodies.push("[".repeat(5_000));
    bodies
}

#[test]
fn a_bad_body_is_refused_as_the_native_service_does() {
    let (worker, native) = (Worker::start(), Native::new());
    for body in bodies() {
        for path in ["/v1/acquire", "/v1/settle"] {
            let request = Request::post(path).body(body.clone()).unwrap();
            let answer = worker.send(&request);
            answer.assert_same(&native.send(&request), &body);
            assert!((400..500).contains(&answer.status), "{body}");
        }
    }
    worker.post("/v1/acquire", &json!({"policy": "budget", "key": "good", "cost": 1}));
    assert!(worker.has_stored("good") && !worker.has_stored("bad"));
}

/// Bodies are bounded.
#[test]
fn a_long_body_is_refused() {
    let worker = Worker::start();
    let padding = |bytes| {
        let body = json!({"policy": "budget", "key": "k", "cost": 1}).to_string();
        worker.send(&Request::post("/v1/acquire").body(body + &" ".repeat(bytes)).unwrap())
    };
    assert_eq!(padding(60 * 1024).status, 200);
    assert_eq!(padding(64 * 1024).status, 413);
    assert_eq!(worker.remaining("k"), 99);
}

/// What an isolate has counted says nothing of the others.
#[test]
fn there_are_no_metrics() {
    let worker = Worker::start();
    let answer = worker.send(&Request::get("/metrics").body(String::new()).unwrap());
    assert_eq!(answer.status, 404);
}
