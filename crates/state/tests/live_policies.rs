//! Live changes are dumped with the records: a restored store decides as the one that was dumped.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use bytes::Bytes;
use futures::executor::block_on;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use tollgate_core::{Span, Timestamp};
use tollgate_kv::{KeyValue, KeyValueStore, Memory};
use tollgate_policy::PolicySet;
use tollgate_service::{Content, CoreLimiter, Service};
use tollgate_state::{Decoder, Existing, dump, restore};
use tollgate_store::{Clock as _, ManualClock};

const POLICIES: &str =
    "[policy.b]\nrequests = { algorithm = 'token-bucket', capacity = 100, refill = 0 }";

/// Sends one request to a new process over this store.
fn ask(values: &Arc<dyn KeyValue>, clock: &Arc<ManualClock>, request: Request<String>) -> Value {
    let store = KeyValueStore::new(Arc::clone(values));
    let policies = PolicySet::parse(POLICIES).unwrap();
    let service = Service::new(policies, store, CoreLimiter, Arc::clone(clock), |_| {}).unwrap();
    block_on(async {
        let body = request.map(Full::<Bytes>::from);
        let Content::Full(answer) = service.handle(body).await.into_body() else {
            panic!("nobody watches here")
        };
        let answer = answer.collect().await.unwrap();
        serde_json::from_slice(&answer.to_bytes()).unwrap()
    })
}

#[test]
fn live_policies_are_restored_with_the_records_that_they_carry_over() {
    let (values, clock) = (Arc::new(Memory::default()) as Arc<dyn KeyValue>, Arc::default());
    let request = |method: &str, path: &str, body: Value| {
        Request::builder().method(method).uri(path).body(body.to_string()).unwrap()
    };
    let spend = json!({"policy": "b", "key": "k", "cost": 30});
    ask(&values, &clock, request("POST", "/v1/acquire", spend));
    let limit = json!({"algorithm": "token-bucket", "capacity": 200, "refill": 0});
    let put = json!({"policy": {"requests": limit}, "migration": "in_proportion"});
    ask(&values, &clock, request("PUT", "/v1/policies/b", put));

    let (mut text, restored) = (Vec::new(), Arc::new(Memory::default()) as Arc<dyn KeyValue>);
    let decoder = Decoder::new(PolicySet::parse(POLICIES).unwrap(), Timestamp::EPOCH);
    block_on(dump(&*values, &decoder, &mut text, |_| {})).unwrap();
    block_on(restore(&*restored, &*text, Existing::Refuse, |_| {})).unwrap();
    clock.set(clock.now().plus(Span::from_secs(3)));
    let told = ask(&restored, &clock, request("GET", "/v1/limits/b/k", json!(null)));
    assert_eq!(told["limits"]["requests"]["remaining"], 140);

    let before = block_on(restored.get("r/b/k")).unwrap().unwrap();
    assert!(decoder.decode("r/b/k", &before).is_some(), "the text has its policy");
    let spend = json!({"policy": "b", "key": "k", "cost": 1});
    ask(&restored, &clock, request("POST", "/v1/acquire", spend));
    let after = block_on(restored.get("r/b/k")).unwrap().unwrap();
    assert_eq!(decoder.decode("r/b/k", &after), None, "the text does not have its policy");
}
