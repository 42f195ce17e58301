//! What an object decides is told to who watches the Worker.

use http::Request;
use serde_json::json;

use crate::worker::Worker;

#[test]
fn a_reduction_in_one_object_is_told_to_who_watches() {
    let worker = Worker::start();
    let key = json!({"policy": "upstream", "key": "eu", "reason": "429"});
    assert_eq!(worker.post("/v1/capacity/reduce", &key).status, 200);
    let watch = Request::get("/v1/watch?after=0&watch_ms=0").body(String::new()).unwrap();
    let told = worker.send(&watch);
    assert_eq!(told.status, 200);
    assert!(told.text.contains("event: reduced\n"), "{}", told.text);
    assert!(told.text.contains("\"key\":\"eu\""), "{}", told.text);
    assert_eq!(worker.post("/v1/reset", &json!({"policy": "upstream", "key": "eu"})).status, 200);
}
