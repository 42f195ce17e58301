//! What was answered is stored.

use serde_json::json;

use crate::worker::Worker;

#[test]
fn a_crash_loses_nothing_that_was_answered() {
    let mut worker = Worker::start();
    let charge = json!({"policy": "budget", "key": "k", "cost": 30});
    assert_eq!(worker.post("/v1/acquire", &charge).status, 200);
    let hold = json!({"policy": "budget", "key": "k", "cost": 20, "hold_ms": 3_600_000});
    let lease = worker.post("/v1/acquire", &hold).json()["lease"].clone();
    worker.crash();
    assert_eq!(worker.remaining("k"), 50);
    let settle = json!({"lease": lease, "cost": 5});
    assert_eq!(worker.post("/v1/settle", &settle).status, 200);
    assert_eq!(worker.post("/v1/settle", &settle).status, 410, "it is over");
    worker.crash();
    assert_eq!(worker.remaining("k"), 65);
}
