//! Acquires and peeks: what is answered when time passes, and when the store fails.

use http::{Request, StatusCode};
use serde_json::json;
use tollgate_core::{Span, Timestamp};
use tollgate_store::Clock as _;

use crate::support::{Api, Fault};

#[test]
fn waits_are_rounded_up_so_that_who_waits_that_long_passes() {
    let api = Api::new();
    let body = json!({"policy": "slow", "key": "k"});
    assert_eq!(api.acquire(&body).status, 200);
    assert_eq!(api.acquire(&body).status, 200);
    // A unit takes 3333 1/3 ms.
    let limited = api.acquire(&body);
    let requests = &limited.json()["limits"]["requests"];
    assert_eq!((limited.status.as_u16(), &requests["retry_after_ms"]), (429, &json!(3334)));
    assert_eq!(requests["reset_after_ms"], 6667);
    assert_eq!(limited.header("retry-after"), Some("4"));
    assert_eq!(limited.header("ratelimit"), Some(r#""requests";r=0;t=4"#));
    assert_eq!(limited.header("ratelimit-policy"), Some(r#""requests";q=2;w=7"#));
    api.pass(3333);
    assert_eq!(api.acquire(&body).json()["limits"]["requests"]["retry_after_ms"], 1);
    assert_eq!(api.acquire(&body).header("retry-after"), Some("1"), "at least 1");
    api.pass(1);
    assert_eq!(api.acquire(&body).status, 200);
}

#[test]
fn the_longest_wait_is_the_one_that_counts() {
    let api = Api::new();
    let body = json!({"policy": "two", "key": "k", "cost": {"fast": 1, "slow": 1}});
    assert_eq!(api.acquire(&body).status, 200);
    let limited = api.acquire(&body);
    assert_eq!(limited.json()["violated-policies"], json!(["fast", "slow"]));
    assert_eq!(limited.header("retry-after"), Some("3600"));
    api.pass(1500);
    let limited = api.acquire(&body);
    assert_eq!(limited.json()["violated-policies"], json!(["slow"]));
    assert_eq!(limited.json()["limits"]["fast"]["retry_after_ms"], 0);
}

#[test]
fn a_clock_that_goes_back_only_makes_callers_wait() {
    let api = Api::new();
    let body = json!({"policy": "slow", "key": "k", "cost": 2});
    assert_eq!(api.acquire(&body).status, 200);
    let then = api.clock.now();
    api.clock.set(Timestamp::from_nanos(then.as_nanos() - Span::from_secs(30).as_nanos()));
    let limited = api.acquire(&body);
    assert_eq!(limited.status, 429);
    assert_eq!(limited.json()["limits"]["requests"]["retry_after_ms"], 36_667);
}

#[test]
fn a_store_that_fails_is_answered_as_the_policy_says() {
    for fault in [Fault::Load, Fault::Swap, Fault::Conflicts] {
        let api = Api::new();
        api.fault.set(fault);
        let closed = api.acquire(&json!({"policy": "slow", "key": "k"}));
        assert_eq!(closed.status, 503);
        assert_eq!(closed.header("retry-after"), Some("1"));
        assert_eq!(closed.json()["status"], 503);
        let open = api.acquire(&json!({"policy": "open", "key": "k"}));
        if matches!(fault, Fault::Conflicts) {
            assert_eq!(open.status, 503, "a store that is busy did not fail");
        } else {
            assert_eq!(open.status, 200);
            assert_eq!(open.json(), json!({"allowed": true, "limits": {}, "uncounted": true}));
            assert_eq!(open.header("tollgate-uncounted"), Some("?1"));
        }
        if matches!(fault, Fault::Load) {
            let peek = api.send(Request::get("/v1/limits/open/k"), "");
            assert_eq!(peek.status, 503, "a peek has nothing to let pass");
        }
        api.fault.set(Fault::None);
        let peek = api.send(Request::get("/v1/limits/slow/k"), "");
        assert_eq!(peek.json()["limits"]["requests"]["remaining"], 2, "nothing was charged");
    }
}

#[test]
fn fields_stay_within_what_structured_fields_can_hold() {
    let api = Api::new();
    let prefer = Request::post("/v1/acquire").header("prefer", "return=minimal");
    let answer = api.send(prefer, r#"{"policy":"huge","key":"k","cost":0}"#);
    assert_eq!(answer.header("ratelimit-policy"), Some(r#""units";q=999999999999999"#));
    assert_eq!(answer.header("ratelimit"), Some(r#""units";r=999999999999999;t=0"#));
    let exact = r#""units";limit="9007199254740991";remaining="9007199254740991""#;
    let waits = ";retry_after_ms=0;reset_after_ms=0";
    assert_eq!(answer.header("tollgate-limits"), Some(&*format!("{exact}{waits}")));
}

#[test]
fn a_denial_and_a_peek_write_nothing() {
    let api = Api::new();
    let body = json!({"policy": "slow", "key": "k", "cost": 2});
    assert_eq!(api.acquire(&body).status, 200);
    api.fault.set(Fault::Swap);
    assert_eq!(api.acquire(&body).status, 429, "no swap was needed");
    assert_eq!(api.send(Request::get("/v1/limits/slow/k"), "").status, 200);
}

/// A queue tells when the turn of what it let in is, in the body and in the field.
#[test]
fn a_queue_tells_when_it_is_ones_turn() {
    let queue = "[policy.q]\nx = { algorithm = 'leaky-queue', capacity = 3, leak = 1, per = '1s' }";
    let api = Api::with(queue);
    let ask = || api.acquire(&json!({"policy": "q", "key": "k"}));
    assert_eq!(ask().json()["limits"]["x"].get("delay_ms"), None);
    assert_eq!(ask().json()["limits"]["x"]["delay_ms"], json!(1_000));
}

#[test]
fn a_local_policy_is_granted_in_part_while_the_store_is_down() {
    let api = Api::new();
    let ask = json!({"policy": "local", "key": "k"});
    assert_eq!(api.acquire(&ask).headers.get("tollgate-local"), None, "the store works");
    api.fault.set(Fault::Load);
    for _ in 0..2 {
        let answer = api.acquire(&ask);
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.headers["tollgate-local"], "?1", "the caller is told");
    }
    let full = api.acquire(&ask);
    assert_eq!(full.status, StatusCode::TOO_MANY_REQUESTS, "half of it is 2 and not 4");
    assert_eq!(full.headers["tollgate-local"], "?1");
    api.pass(2_000);
    assert_eq!(api.acquire(&ask).status, StatusCode::OK, "half of the rate is one in two seconds");
    assert_eq!(api.acquire(&ask).status, StatusCode::TOO_MANY_REQUESTS);
    api.fault.set(Fault::None);
    let back = api.acquire(&ask);
    assert_eq!(back.status, StatusCode::OK);
    assert_eq!(back.headers.get("tollgate-local"), None, "it recovers by itself");
}

#[test]
fn what_is_above_a_local_share_is_not_told_that_it_can_never_pass() {
    let api = Api::new();
    api.fault.set(Fault::Swap);
    let three = api.acquire(&json!({"policy": "local", "key": "k", "cost": 3}));
    assert_eq!(three.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[test]
fn local_keys_are_bounded_and_make_room_when_they_are_idle() {
    let api = Api::new();
    api.fault.set(Fault::Load);
    let ask = |n: u32| api.acquire(&json!({"policy": "local", "key": n.to_string()})).status;
    assert!((0..10_000).all(|n| ask(n) == StatusCode::OK));
    assert_eq!(ask(10_000), StatusCode::SERVICE_UNAVAILABLE, "there is no room");
    assert_eq!(ask(0), StatusCode::OK, "who is known is still counted");
    api.pass(2_000);
    assert_eq!(ask(10_000), StatusCode::OK, "all others are full again, and forgotten");
}

/// Waiting is advised where it helps.
#[test]
fn a_refusal_says_whether_waiting_helps() {
    let api = Api::new();
    let detail = |policy: &str, cost: u64| {
        let asked = json!({"policy": policy, "key": "k", "cost": cost});
        api.acquire(&asked).json()["detail"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!([detail("slow", 2), detail("huge", 9_007_199_254_740_991)], ["", ""]);
    assert_eq!(detail("slow", 1), "wait as long as retry_after_ms says, and try again");
    assert_eq!(
        detail("huge", 1),
        "a limit that is used up gives nothing back: waiting does not help"
    );
    api.post("/v1/block", &json!({"policy": "slow", "key": "k", "block_ms": 10}));
    assert!(detail("slow", 1).starts_with("the key is blocked"));
}

/// Who puts a condition in the wrong place is told, and nothing is done without it.
#[test]
fn a_query_that_a_path_does_not_take_is_refused() {
    let api = Api::new();
    let rows = [
        ("PUT", "/v1/policies/slow?revision=1", "revision"),
        ("POST", "/v1/acquire?key=k", "key"),
        ("GET", "/v1/limits/slow/k?policy=other", "policy"),
        ("GET", "/v1/capacity/upstream/k?limit=calls", "limit"),
        ("GET", "/v1/barriers/b?generation=1", "generation"),
        ("GET", "/v1/policies?name=slow", "name"),
        ("GET", "/v1/policies/slow?revision=1", "revision"),
    ];
    let body = json!({"policy": {}, "key": "k"});
    for (method, path, field) in rows {
        let (status, answer) = api.ask(method, path, &body);
        assert_eq!((status, &answer["field"]), (400, &json!(field)), "{method} {path}");
    }
    assert_eq!(api.get("/v1/policies")["revision"], 0, "nothing was put");
    // Probes may come with one.
    for path in ["/healthz?t=1", "/readyz?t=1", "/metrics?t=1", "/openapi.json?t=1"] {
        assert_eq!(api.send(Request::get(path), "").status, StatusCode::OK, "{path}");
    }
}

/// A path that was cut in the middle of an escape names somebody else.
#[test]
fn escapes_in_a_path_are_whole() {
    let api = Api::new();
    assert_eq!(api.get("/v1/limits/slow/100%25")["key"], "100%");
    for key in ["100%", "a%2", "%zz", "%ff"] {
        let answer = api.get(&format!("/v1/limits/slow/{key}"));
        assert_eq!((&answer["status"], &answer["field"]), (&json!(400), &json!("key")), "{key}");
    }
    assert_eq!(api.get("/v1/events/u?code=%2")["field"], "query");
}

/// What is there changes, and so does what is not there yet.
#[test]
fn no_cache_keeps_what_was_seen() {
    let api = Api::new();
    for path in [
        "/v1/limits/slow/k",
        "/v1/capacity/upstream/k",
        "/v1/events/u",
        "/v1/barriers/none",
        "/v1/policies",
        "/v1/policies/none",
        "/v1/nothing",
        "/metrics",
        "/readyz",
    ] {
        let answer = api.send(Request::get(path), "");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
    let never = api.acquire(&json!({"policy": "slow", "key": "k", "cost": 3}));
    assert_eq!((never.status.as_u16(), never.header("cache-control")), (422, Some("no-store")));
}

#[test]
fn null_is_as_if_left_out() {
    let api = Api::new();
    let ask = json!({"policy": "slow", "key": "k", "keys": null, "cost": null, "hold_ms": null});
    assert_eq!(api.acquire(&ask).status, 200);
    let ask = json!({"keys": [{"policy": "slow", "key": "k"}], "policy": null, "key": null});
    assert_eq!(api.acquire(&ask).status, 200);
}
