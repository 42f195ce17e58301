//! Records that nobody misses are removed.

use std::thread;
use std::time::{Duration, Instant};

use http::Request;
use serde_json::json;

use crate::worker::Worker;

/// How long a record of `brief` may stay: until its alarm goes off for the second time, and some more.
const GONE_MAX: Duration = Duration::from_secs(30);

/// The object of an idle record stores nothing any more, and those of others do.
#[test]
fn an_idle_record_is_removed_and_another_is_not() {
    let worker = Worker::start();
    for (policy, key) in [("brief", "idle-key"), ("budget", "used-key")] {
        let body = json!({"policy": policy, "key": key, "cost": 1});
        assert_eq!(worker.post("/v1/acquire", &body).status, 200);
        assert!(worker.has_stored(key), "{key}");
    }
    let deadline = Instant::now() + GONE_MAX;
    while worker.has_stored("idle-key") {
        assert!(Instant::now() < deadline, "it is still there");
        // The runtime's alarms go by its own clock, which nobody can set.
        thread::sleep(Duration::from_millis(100));
    }
    assert!(worker.has_stored("used-key"));
    assert_eq!(worker.remaining("used-key"), 99);
}

/// Who only looks, or is refused, leaves nothing.
#[test]
fn looking_stores_nothing() {
    let worker = Worker::start();
    assert_eq!(worker.remaining("looked-at"), 100);
    let never = json!({"policy": "budget", "key": "refused", "cost": 101});
    assert_eq!(worker.post("/v1/acquire", &never).status, 422);
    let capacity = Request::get("/v1/capacity/upstream/looked-at").body(String::new()).unwrap();
    assert_eq!(worker.send(&capacity).status, 200);
    worker.post("/v1/acquire", &json!({"policy": "budget", "key": "charged", "cost": 1}));
    assert!(worker.has_stored("charged"));
    assert!(!worker.has_stored("looked-at"));
    assert!(!worker.has_stored("refused"));
}
