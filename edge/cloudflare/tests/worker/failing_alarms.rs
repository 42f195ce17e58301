//! An object that can't be woken up later says so, and charges nothing.

use serde_json::json;

use crate::POLICIES;
use crate::worker::Worker;

#[test]
fn what_could_not_be_stored_to_the_end_was_not_charged() {
    let variables = [("POLICIES", POLICIES), ("API_KEYS", "")];
    let worker = Worker::start_behind(&variables, include_str!("failing_alarms.js"));
    let charge = json!({"policy": "budget", "key": "k", "cost": 30});
    assert_eq!(worker.post("/v1/acquire", &charge).status, 503);
    assert_eq!(worker.remaining("k"), 100);
}
