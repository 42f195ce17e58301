//! What those who run the service look at: metrics, and whether it is ready.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::json;
use tollgate_policy::PolicySet;
use tollgate_service::{CoreLimiter, Service};
use tollgate_store::{ManualClock, MemoryStore};

use crate::support::{Api, Fault, POLICIES};

/// The value of a line of the metrics.
fn metric(api: &Api, series: &str) -> u64 {
    let answer = api.send(Request::get("/metrics"), "");
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(series)).unwrap();
    line.trim().parse().unwrap()
}

fn decisions(api: &Api, policy: &str, outcome: &str) -> u64 {
    let labels = format!("{{policy=\"{policy}\",outcome=\"{outcome}\"}}");
    metric(api, &format!("tollgate_decisions_total{labels}"))
}

fn faults(api: &Api, cause: &str) -> u64 {
    metric(api, &format!("tollgate_faults_total{{cause=\"{cause}\"}}"))
}

#[test]
fn every_way_to_ask_is_counted_once() {
    let api = Api::new();
    let slow = json!({"policy": "slow", "key": "k"});
    for _ in 0..3 {
        api.acquire(&slow);
    }
    api.acquire(&json!({"policy": "slow", "key": "k", "cost": 3}));
    let outcomes = ["allowed", "limited", "impossible", "local", "uncounted"];
    let counted = || outcomes.map(|outcome| decisions(&api, "slow", outcome));
    assert_eq!(counted(), [2, 1, 1, 0, 0]);
    api.post("/v1/acquire/batch", &json!({"requests": [slow, {"policy": "slow", "key": "l"}]}));
    assert_eq!(counted(), [3, 2, 1, 0, 0], "each acquire of a batch");
    let two = |key: &str| json!({"keys": [{"policy": "slow", "key": key}, {"policy": "open", "key": "k"}]});
    assert_eq!(api.acquire(&two("m")).status, 200);
    assert_eq!(counted(), [4, 2, 1, 0, 0], "each key of several");
    assert_eq!(api.acquire(&two("n")).status, 429);
    assert_eq!(counted(), [4, 2, 1, 0, 0], "the other key denied, and nothing was charged");
    assert_eq!([decisions(&api, "open", "allowed"), decisions(&api, "open", "limited")], [1, 1]);
    // A wait asks the store twice, and is one decision.
    assert_eq!(api.acquire(&json!({"policy": "slow", "key": "k", "wait_ms": 4_000})).status, 200);
    assert_eq!(counted(), [5, 2, 1, 0, 0]);
    api.get("/v1/limits/slow/k");
    assert_eq!(counted(), [5, 2, 1, 0, 0], "to look is to ask for nothing");
}

#[test]
fn members_of_a_pool_are_counted_as_they_are_asked() {
    let api = Api::with(include_str!("openapi.toml"));
    assert_eq!(api.post("/v1/pools/acquire", &json!({"pool": "chat", "cost": 20})).0, 200);
    assert_eq!(api.post("/v1/pools/acquire", &json!({"pool": "chat", "cost": 20})).0, 200);
    assert_eq!(decisions(&api, "api", "allowed"), 2);
    assert_eq!(api.post("/v1/pools/acquire", &json!({"pool": "chat", "cost": 20})).0, 429);
    assert_eq!(decisions(&api, "api", "limited"), 2, "both members were asked");
}

#[test]
fn what_the_store_is_asked_is_counted_and_timed() {
    // Nobody looks for live policies beside what is asked.
    let api = Api::with(&["live_policies = false", POLICIES].concat());
    let operations = |operation: &str, outcome: &str| {
        let labels = format!("{{operation=\"{operation}\",outcome=\"{outcome}\"}}");
        metric(&api, &format!("tollgate_store_operations_total{labels}"))
    };
    api.acquire(&json!({"policy": "slow", "key": "k"}));
    assert_eq!([operations("load", "done"), operations("swap", "done")], [1, 1]);
    api.fault.set(Fault::Conflicts);
    api.acquire(&json!({"policy": "slow", "key": "k"}));
    assert_eq!([operations("load", "done"), operations("swap", "conflict")], [11, 10]);
    api.fault.set(Fault::Load);
    api.acquire(&json!({"policy": "slow", "key": "k"}));
    assert_eq!(operations("load", "failed"), 1);
    let loads = |series: &str, labels: &str| {
        metric(
            &api,
            &format!("tollgate_store_operation_seconds_{series}{{operation=\"load\"{labels}}}"),
        )
    };
    // The clock of the tests stands still in the store.
    assert_eq!([loads("bucket", ",le=\"0.00001\""), loads("bucket", ",le=\"+Inf\"")], [12, 12]);
    assert_eq!([loads("count", ""), loads("sum", "")], [12, 0]);
}

#[test]
fn what_the_store_could_not_do_is_counted_by_its_cause() {
    let api = Api::new();
    let rows =
        [(Fault::Load, "unavailable"), (Fault::Conflicts, "busy"), (Fault::Inexact, "inexact")];
    for (fault, cause) in rows {
        api.fault.set(fault);
        assert_eq!(faults(&api, cause), 0);
        api.acquire(&json!({"policy": "slow", "key": "k"}));
        assert_eq!(faults(&api, cause), 1, "{cause}");
    }
    api.fault.set(Fault::Load);
    api.acquire(&json!({"policy": "open", "key": "k"}));
    api.acquire(&json!({"policy": "local", "key": "k"}));
    assert_eq!(decisions(&api, "open", "uncounted"), 1);
    assert_eq!(decisions(&api, "local", "local"), 1);
}

/// A process that goes by live policies of yesterday says so, apart from what it could not decide.
#[test]
fn live_policies_that_can_not_be_read_are_counted_by_their_cause() {
    let api = Api::new();
    let unread = |cause: &str| {
        metric(&api, &format!("tollgate_live_policy_faults_total{{cause=\"{cause}\"}}"))
    };
    let look = || api.acquire(&json!({"policy": "none", "key": "k"}));
    let rows =
        [(Fault::Load, "unavailable"), (Fault::Silent, "timed_out"), (Fault::None, "undecidable")];
    api.store("p/", b"\x01{\"revision\":1,\"policies\":[{\"name\":\"a b\",\"versions\":[]}]}");
    for (fault, cause) in rows {
        api.fault.set(fault);
        assert_eq!(unread(cause), 0, "who looks at metrics asks no store");
        look();
        assert_eq!(unread(cause), 1, "{cause}");
        look();
        assert_eq!((unread(cause), faults(&api, cause)), (1, 0), "it is left alone for a second");
        api.pass(1_001);
    }
}

/// Whatever callers call themselves, the text has as many lines.
#[test]
fn no_key_of_a_caller_is_a_label() {
    let api = Api::new();
    let lines = |api: &Api| {
        let answer = api.send(Request::get("/metrics"), "");
        assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(!text.contains("mallory"), "{text}");
        text.lines().count()
    };
    // Operations are timed from the first one on.
    api.acquire(&json!({"policy": "slow", "key": "k"}));
    let before = lines(&api);
    for n in 0..50 {
        api.acquire(&json!({"policy": "slow", "key": format!("mallory-{n}")}));
        api.acquire(&json!({"policy": format!("mallory-{n}"), "key": "k"}));
    }
    assert_eq!(lines(&api), before);
}

#[test]
fn it_is_ready_while_the_store_answers_in_time() {
    let api = Api::new();
    let ready = || api.send(Request::get("/readyz"), "");
    assert_eq!(ready().status, 200);
    api.fault.set(Fault::Load);
    assert_eq!((ready().status.as_u16(), ready().header("retry-after")), (503, Some("1")));
    assert_eq!(api.send(Request::get("/healthz"), "").status, 200, "it runs nevertheless");
    api.fault.set(Fault::Silent);
    let before = api.clock_millis();
    assert_eq!(ready().status, 503, "who does not answer is not waited for");
    assert_eq!(api.clock_millis() - before, 900);
    assert_eq!(faults(&api, "timed_out"), 1);
    api.fault.set(Fault::None);
    assert_eq!(ready().status, 200);
}

/// Natively a request moves between threads while it waits.
#[test]
fn the_future_of_a_request_is_send() {
    fn is_send<T: Send>(_: &T) {}
    let (store, clock) = (MemoryStore::default(), ManualClock::default());
    let service = Service::new(PolicySet::default(), store, CoreLimiter, clock, |_| {}).unwrap();
    is_send(&service.handle(Request::get("/").body(Full::<Bytes>::default()).unwrap()));
}
