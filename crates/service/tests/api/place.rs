//! Which record decides a request.

use std::cell::RefCell;
use std::collections::BTreeSet;

use bytes::Bytes;
use futures::executor::block_on;
use http::{Method, Request};
use http_body_util::Full;
use serde_json::{Value, json};
use tollgate_core::{Span, Timestamp};
use tollgate_policy::PolicySet;
use tollgate_service::{CoreLimiter, Service, is_of_tenant, is_repeatable, record_key};
use tollgate_store::{Loaded, ManualClock, MemoryStore, Store, StoreError, Swap};

use crate::support::Api;

const POLICIES: &str = r#"
[policy.api]
requests = { algorithm = "gcra", limit = 100, per = "1m" }
[policy.hot]
contention = "lease"
requests = { algorithm = "gcra", limit = 100, per = "1m" }
[policy.live]
calls = { algorithm = "adaptive", capacity = 100, per = "1s" }
[pool.any]
members = [{ policy = "api", key = "a" }, { policy = "api", key = "b" }]
"#;

/// A store that notes what it is asked for.
#[derive(Default)]
struct NotingStore {
    records: MemoryStore,
    asked: RefCell<BTreeSet<String>>,
}

impl Store for &NotingStore {
    type Token = <MemoryStore as Store>::Token;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        self.asked.borrow_mut().insert(key.to_owned());
        self.records.load(key).await
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        self.records.swap(key, token, record, forget_after).await
    }
}

/// Where the request is said to be decided, the keys that it then asks for, and its status.
fn asked(method: &Method, path: &str, body: &Value) -> (Option<String>, Vec<String>, u16) {
    let (store, clock) = (NotingStore::default(), ManualClock::default());
    clock.set(Timestamp::from_secs(1_800_000_000).plus(Span::from_millis(1)));
    let policies = PolicySet::parse(POLICIES).unwrap().without_live_policies();
    let service = Service::new(policies, &store, CoreLimiter, clock, |_| {}).unwrap();
    let body = if *method == Method::POST { body.to_string() } else { String::new() };
    let request = Request::builder().method(method).uri(path).body(Full::from(body.clone()));
    let (parts, full) = request.unwrap().into_parts();
    let record = service.record_of(&parts, body.as_bytes());
    let answer = block_on(service.handle::<Full<Bytes>>(Request::from_parts(parts, full)));
    let asked = store.asked.borrow().iter().cloned().collect();
    (record, asked, answer.status().as_u16())
}

/// A lease of one key, or of two.
fn lease(keys: &[&str]) -> String {
    let api = Api::with(POLICIES);
    let keys: Vec<_> = keys.iter().map(|key| json!({"policy": "api", "key": key})).collect();
    let (status, answer) = api.post("/v1/acquire", &json!({"keys": keys, "hold_ms": 1_000}));
    assert_eq!(status, 200);
    answer["lease"].as_str().unwrap().to_owned()
}

/// A request that one record decides asks the store for that record, and for nothing else.
#[test]
fn a_request_about_one_record_asks_for_no_other() {
    let of_key = json!({"policy": "api", "key": "k"});
    let event = json!({"upstream": "u", "code": "429", "duration_ms": 10});
    let barrier = json!({"barrier": "b", "parties": 2});
    let party = json!({"barrier": "b", "party": "p", "generation": 0});
    let live = json!({"policy": "live", "key": "k"});
    let capacity = json!({"policy": "live", "key": "k", "capacity": 5});
    let feedback = json!({"policy": "api", "key": "k", "status": 429, "headers": {}});
    let with = |member: &str, value: Value| {
        let mut body = of_key.clone();
        body[member] = value;
        body
    };
    let record = |policy: &str| record_key(None, policy, "k");
    let cases = [
        ("POST", "/v1/acquire", of_key.clone(), record("api")),
        ("POST", "/v1/acquire", json!({"policy": "hot", "key": "k"}), record("hot")),
        ("POST", "/v1/settle", json!({"lease": lease(&["k"])}), record("api")),
        ("POST", "/v1/release", json!({"lease": lease(&["k"])}), record("api")),
        ("POST", "/v1/renew", json!({"lease": lease(&["k"]), "hold_ms": 5}), record("api")),
        ("POST", "/v1/penalise", with("cost", json!(1)), record("api")),
        ("POST", "/v1/block", with("block_ms", json!(10)), record("api")),
        ("POST", "/v1/reset", of_key.clone(), record("api")),
        ("POST", "/v1/lower", with("remaining", json!(1)), record("api")),
        ("POST", "/v1/capacity/set", capacity, record("live")),
        ("POST", "/v1/capacity/clear", live.clone(), record("live")),
        ("POST", "/v1/capacity/reduce", live, record("live")),
        ("POST", "/v1/feedback", feedback, record("api")),
        ("POST", "/v1/events/cleanup", json!({"upstream": "u"}), "c//u".into()),
        ("POST", "/v1/barriers/arrive", party.clone(), "b//b".into()),
        ("POST", "/v1/barriers/leave", party, "b//b".into()),
        ("POST", "/v1/events", event, "c//u".into()),
        ("POST", "/v1/barriers", barrier, "b//b".into()),
        ("GET", "/v1/limits/api/k", Value::Null, record("api")),
        ("HEAD", "/v1/limits/api/k", Value::Null, record("api")),
        ("GET", "/v1/capacity/live/k", Value::Null, record("live")),
        ("GET", "/v1/events/u", Value::Null, "c//u".into()),
        ("GET", "/v1/barriers/b", Value::Null, "b//b".into()),
    ];
    for (method, path, body, expected) in cases {
        let (record, asked, status) = asked(&method.parse().unwrap(), path, &body);
        assert_eq!(record.as_ref(), Some(&expected), "{path} {body}");
        let others = asked.iter().filter(|key| **key != expected).collect::<Vec<_>>();
        assert!(others.iter().all(|key| is_of_tenant(key)), "{path} {body} {status} {others:?}");
        assert!(asked.contains(&expected), "{path} {body} {status}");
    }
}

/// What several records decide, or none, is left to who has all of them.
#[test]
fn no_record_is_named_where_there_are_several_or_none() {
    let two = json!([{"policy": "api", "key": "a"}, {"policy": "api", "key": "b"}]);
    let cases = [
        ("/v1/acquire", json!({"keys": two.clone()})),
        ("/v1/acquire", json!({"policy": "none", "key": "k"})),
        ("/v1/acquire", json!({"policy": "api", "key": ""})),
        ("/v1/acquire", json!({"policy": "api", "key": "k".repeat(513)})),
        ("/v1/acquire", json!({"policy": "api"})),
        ("/v1/acquire", json!([])),
        ("/v1/acquire/batch", json!({"requests": two})),
        ("/v1/pools/acquire", json!({"pool": "any"})),
        ("/v1/settle", json!({"lease": lease(&["a", "b"])})),
        ("/v1/settle", json!({"lease": "no lease"})),
        ("/v1/nowhere", json!({"policy": "api", "key": "k"})),
    ];
    for (path, body) in cases {
        assert_eq!(asked(&Method::POST, path, &body).0, None, "{path} {body}");
    }
    for path in ["/healthz", "/readyz", "/metrics", "/openapi.json"] {
        assert_eq!(asked(&Method::GET, path, &Value::Null).0, None, "{path}");
    }
}

/// Who may not ask learns nothing, and each tenant's records are its own.
#[test]
fn a_record_is_that_of_the_tenant_who_asks() {
    let sha256 = "2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683"; // of "key"
    let keys = format!("[key.k]\nsha256 = '{sha256}'\ntenant = 'acme'\nscopes = ['acquire']");
    let service = Service::new(
        PolicySet::parse(POLICIES).unwrap(),
        MemoryStore::default(),
        CoreLimiter,
        ManualClock::default(),
        |_| {},
    );
    let service = service.unwrap().with_keys(tollgate_policy::ApiKeys::parse(&keys).unwrap());
    let record = |path: &str, key: &str| {
        let request = Request::post(path).header("authorization", format!("Bearer {key}"));
        let (parts, ()) = request.body(()).unwrap().into_parts();
        service.record_of(&parts, br#"{"policy":"api","key":"k"}"#)
    };
    assert_eq!(record("/v1/acquire", "key").as_deref(), Some("r/acme:api/k"));
    assert_eq!(record("/v1/acquire", "another"), None);
    assert_eq!(record("/v1/reset", "key"), None, "its scope is not admin");
}

/// An answer that is lost is asked for again only where that can't charge twice.
#[test]
fn only_what_looks_or_has_an_id_is_repeatable() {
    assert!(is_repeatable(&Method::GET, b""));
    assert!(is_repeatable(&Method::HEAD, b""));
    assert!(is_repeatable(&Method::POST, br#"{"key":"k","request_id":"r"}"#));
    for body in [r#"{"key":"k"}"#, r#"{"request_id":null}"#, r#"{"request_id":""}"#, "", "["] {
        assert!(!is_repeatable(&Method::POST, body.as_bytes()), "{body}");
    }
    assert!(!is_repeatable(&Method::PUT, br#"{"key":"k"}"#));
}
