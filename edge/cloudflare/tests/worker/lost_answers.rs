//! An object decides, and its answer is lost: nothing is charged twice for that.

use serde_json::json;

use crate::POLICIES;
use crate::worker::Worker;

/// What says of itself what an object that can't be asked means.
const ANSWERED_WITHOUT: &str = r#"
[policy.open]
on_store_failure = "open"
units = { algorithm = "token-bucket", capacity = 100, refill = 0 }

[policy.local]
on_store_failure = "local"
units = { algorithm = "token-bucket", capacity = 100, refill = 0 }
"#;

fn start() -> Worker {
    let policies = [POLICIES, ANSWERED_WITHOUT].concat();
    let variables = [("POLICIES", &*policies), ("API_KEYS", "")];
    Worker::start_behind(&variables, include_str!("lost_answers.js"))
}

/// Nobody knows whether it was charged, so it is a problem, and not asked again.
#[test]
fn a_request_without_an_id_is_charged_once_and_told_that_nobody_knows() {
    let worker = start();
    let charge = json!({"policy": "budget", "key": "k", "cost": 30});
    let answer = worker.post("/v1/acquire", &charge);
    assert_eq!(answer.status, 503);
    assert_eq!(
        answer.json()["type"],
        "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"
    );
    assert_eq!(worker.remaining("k"), 70, "looking is asked again");
    // One that is left alone for a request is not for the next one.
    let key = |key: &str| json!({"policy": "budget", "key": key, "cost": 30});
    let both = json!({"keys": [key("k"), key("other")]});
    assert_eq!(worker.post("/v1/acquire", &both).status, 200);
    assert_eq!(worker.remaining("k"), 40);
}

/// The record knows the id when it is asked a second time.
#[test]
fn a_request_with_an_id_is_asked_again_and_charged_once() {
    let worker = start();
    let charge = json!({"policy": "budget", "key": "k", "cost": 30, "request_id": "r-1"});
    let answer = worker.post("/v1/acquire", &charge);
    assert_eq!((answer.status, &answer.json()["repeated"]), (200, &json!(true)));
    assert_eq!(worker.remaining("k"), 70);
}

/// `open` passes, `local` passes as far as the share of this process goes; the record is charged once.
#[test]
fn a_policy_says_what_passes_without_an_object() {
    let worker = start();
    for (policy, statuses) in [("open", [200; 4]), ("local", [200, 200, 429, 429])] {
        let charge = json!({"policy": policy, "key": "k", "cost": 10});
        let answers = statuses.map(|_| worker.post("/v1/acquire", &charge).status);
        assert_eq!(answers, statuses, "{policy}");
        let request = http::Request::get(format!("/v1/limits/{policy}/k")).body(String::new());
        let limits = &worker.send(&request.unwrap()).json()["limits"];
        assert_eq!(limits["units"]["remaining"], 60, "{policy}");
    }
}
