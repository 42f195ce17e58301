//! Several keys in one acquire: all or nothing.

use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::support::{Api, Fault};

/// A store that swaps several keys at once, and one that does not: what is answered is the same.
fn apis() -> [Api; 2] {
    let [at_once, one_by_one] = [Api::new(), Api::new()];
    one_by_one.fault.set(Fault::OneByOne);
    [at_once, one_by_one]
}

fn keys(tokens: u64) -> Value {
    json!([
        {"policy": "slow", "key": "user"},
        {"policy": "llm", "key": "team", "cost": {"tokens": tokens}},
    ])
}

#[test]
fn all_keys_are_charged_or_none() {
    for api in apis() {
        let (status, body) = api.post("/v1/acquire", &json!({"keys": keys(600)}));
        assert_eq!((status, &body["allowed"]), (200, &json!(true)), "{body}");
        assert_eq!(body["keys"][0]["policy"], "slow");
        assert_eq!(body["keys"][1]["limits"]["tokens"]["remaining"], 400);

        let denied = api.acquire(&json!({"keys": keys(500)}));
        assert_eq!(denied.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(denied.headers["retry-after"], "1");
        let body = denied.json();
        assert_eq!(body["keys"][1]["violated-policies"], json!(["tokens"]));
        assert_eq!(
            body["keys"][0]["violated-policies"],
            json!(null),
            "it does not stand in the way"
        );
        assert_eq!(api.remaining("slow", "user", "requests"), 1, "nothing was charged");
        assert_eq!(api.remaining("llm", "team", "tokens"), 400);
    }
}

#[test]
fn what_can_never_pass_on_one_key_can_never_pass() {
    for api in apis() {
        let (status, body) = api.post("/v1/acquire", &json!({"keys": keys(1_001)}));
        assert_eq!(status, 422);
        assert_eq!(body["type"], "urn:tollgate:problem:cost-above-capacity");
    }
}

#[test]
fn a_lease_of_several_keys_is_settled_key_by_key() {
    for api in apis() {
        let ask = json!({"keys": keys(600), "hold_ms": 60_000});
        let lease = api.post("/v1/acquire", &ask).1["lease"].clone();
        let one_cost = api.post("/v1/settle", &json!({"lease": lease, "cost": 1}));
        assert_eq!((one_cost.0, &one_cost.1["field"]), (400, &json!("cost")));
        let other = json!([{"policy": "llm", "key": "other", "cost": {"tokens": 1}}]);
        let other = api.post("/v1/settle", &json!({"lease": lease, "keys": other}));
        assert_eq!((other.0, &other.1["field"]), (400, &json!("keys[0].key")));
        let actual = json!([{"policy": "llm", "key": "team", "cost": {"tokens": 100}}]);
        assert_eq!(api.post("/v1/settle", &json!({"lease": lease, "keys": actual})).0, 200);
        assert_eq!(api.remaining("llm", "team", "tokens"), 900);
        assert_eq!(api.remaining("slow", "user", "requests"), 1, "as it was held");
    }
}

/// A key that was asked for nothing is part of the lease; one on which it is over is named.
#[test]
fn what_is_settled_is_charged_on_every_key_of_the_lease_that_still_has_it() {
    for api in apis() {
        let mut keys = keys(0);
        keys[1]["cost"]["requests"] = json!(0);
        let lease = &api.post("/v1/acquire", &json!({"keys": keys, "hold_ms": 60_000})).1["lease"];
        api.post("/v1/reset", &json!({"policy": "slow", "key": "user"}));
        let actual = json!([{"policy": "llm", "key": "team", "cost": {"tokens": 100}}]);
        let (status, body) = api.post("/v1/settle", &json!({"lease": lease, "keys": actual}));
        assert_eq!((status, &body["allowed"]), (200, &json!(true)), "{body}");
        assert_eq!(
            (&body["keys"][0]["gone"], &body["keys"][1]["gone"]),
            (&json!(true), &json!(null))
        );
        assert_eq!(api.remaining("llm", "team", "tokens"), 900);
        assert_eq!(api.post("/v1/settle", &json!({"lease": lease})).0, 410);
    }
}

#[test]
fn a_lease_of_several_keys_is_released_and_renewed_on_all() {
    for api in apis() {
        let ask = json!({"keys": keys(600), "hold_ms": 5_000});
        let lease = api.post("/v1/acquire", &ask).1["lease"].clone();
        assert_eq!(api.post("/v1/renew", &json!({"lease": lease, "hold_ms": 60_000})).0, 200);
        api.pass(30_000);
        assert_eq!(api.post("/v1/release", &json!({"lease": lease})).0, 200);
        assert_eq!(api.remaining("llm", "team", "tokens"), 1_000);
        assert_eq!(api.remaining("slow", "user", "requests"), 2);
    }
}

/// What is told of the other keys is where they stand, and not what a second charge would come to.
#[test]
fn a_repeated_acquire_of_several_keys_is_charged_once() {
    for api in apis() {
        let ask = json!({"request_id": "r1", "keys": [
            {"policy": "two", "key": "user", "cost": {"fast": 1, "slow": 1}},
            {"policy": "llm", "key": "team", "cost": {"tokens": 300}},
        ]});
        let (status, first) = api.post("/v1/acquire", &ask);
        assert_eq!((status, &first["repeated"]), (200, &json!(null)), "{first}");
        let (status, again) = api.post("/v1/acquire", &ask);
        assert_eq!((status, &again["repeated"]), (200, &json!(true)), "{again}");
        for limit in ["/keys/0/limits/slow", "/keys/0/limits/fast", "/keys/1/limits/tokens"] {
            let remaining = format!("{limit}/remaining");
            assert_eq!(again.pointer(&remaining), first.pointer(&remaining));
        }
        assert_eq!(again["keys"][0]["violated-policies"], json!(null));
        assert_eq!(api.remaining("llm", "team", "tokens"), 700);
        let minimal = Request::post("/v1/acquire").header("prefer", "return=minimal");
        let minimal = api.send(minimal, &ask.to_string());
        assert_eq!(minimal.header("tollgate-repeated"), Some("?1"));
        let metrics = api.text("/metrics");
        let denials = r#"tollgate_decisions_total{policy="two",outcome="limited"} 0"#;
        assert!(metrics.contains(denials), "{metrics}");
    }
}

/// A key remembers 16 ids.
#[test]
fn acquires_without_an_id_push_out_nobody_s() {
    for api in apis() {
        let ask =
            json!({"policy": "llm", "key": "team", "cost": {"tokens": 1}, "request_id": "r1"});
        assert_eq!(api.acquire(&ask).status, 200);
        for _ in 0..17 {
            let others = json!({"keys": [
                {"policy": "open", "key": "user"},
                {"policy": "llm", "key": "team", "cost": {"requests": 0, "tokens": 1}},
            ]});
            assert_eq!(api.post("/v1/acquire", &others).0, 200);
            api.pass(1_000);
        }
        assert_eq!(api.acquire(&ask).json()["repeated"], true);
    }
}

#[test]
fn a_minimal_answer_has_the_status_and_the_lease() {
    for api in apis() {
        let request = || Request::post("/v1/acquire").header("prefer", "return=minimal");
        let ask = json!({"keys": keys(600), "hold_ms": 60_000}).to_string();
        let answer = api.send(request(), &ask);
        assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0));
        assert!(answer.headers.contains_key("tollgate-lease"));
        let denied = api.send(request(), &ask);
        assert_eq!((denied.status, denied.body.len()), (StatusCode::TOO_MANY_REQUESTS, 0));
        assert!(!denied.headers.contains_key("tollgate-lease"));
    }
}

#[test]
fn bad_keys_are_refused_by_their_place() {
    let api = Api::new();
    let many = vec![json!({"policy": "slow", "key": "k"}); 9];
    for (keys, field) in [
        (json!([]), "keys"),
        (json!({}), "keys"),
        (json!(many), "keys"),
        (json!([1]), "keys[0]"),
        (json!([{"policy": "slow"}]), "keys[0].key"),
        (json!([{"policy": "slow", "key": "a"}, {"policy": "none", "key": "a"}]), "keys[1].policy"),
        (json!([{"policy": "llm", "key": "a"}]), "keys[0].cost.tokens"),
        (json!([{"policy": "slow", "key": ""}]), "keys[0].key"),
        (json!([{"policy": "slow", "key": "a", "x": 1}]), "keys[0].x"),
        (json!([{"policy": "slow", "key": "a"}, {"policy": "slow", "key": "a"}]), "keys[1]"),
        (json!([{"policy": "slots", "key": "a"}]), "hold_ms"),
    ] {
        let (status, body) = api.post("/v1/acquire", &json!({ "keys": keys }));
        let expected = if field == "keys[1].policy" { 404 } else { 400 };
        assert_eq!((status, &body["field"]), (expected, &json!(field)), "{keys} {body}");
    }
    let both = json!({"keys": [{"policy": "slow", "key": "a"}], "key": "b"});
    assert_eq!(api.post("/v1/acquire", &both).1["field"], "key");
    let waits = json!({"keys": [{"policy": "slow", "key": "a"}], "wait_ms": 4_001});
    assert_eq!(api.post("/v1/acquire", &waits).1["field"], "wait_ms");
    assert_eq!(api.remaining("slow", "a", "requests"), 2, "nothing was charged");
}

#[test]
fn several_keys_are_waited_for_as_one_is() {
    let api = Api::new();
    let ask = |cost: u64, wait_ms: u64| {
        let keys = json!([
            {"policy": "slow", "key": "a", "cost": cost},
            {"policy": "huge", "key": "b", "cost": 1},
        ]);
        api.post("/v1/acquire", &json!({"keys": keys, "wait_ms": wait_ms})).0
    };
    assert_eq!(ask(2, 0), 200);
    let start = api.clock_millis();
    assert_eq!(ask(1, 3_000), 429, "it would take longer");
    assert_eq!(api.clock_millis(), start, "and nobody waits for what does not come");
    assert_eq!(ask(1, 4_000), 200);
    assert_eq!(api.clock_millis(), start + 3_333, "it waited for the third of ten seconds");
    assert_eq!(ask(3, 4_000), 422, "never");
    let used = 9_007_199_254_740_991 - api.remaining("huge", "b", "units");
    assert_eq!(used, 2, "what was denied consumed nothing");
}

#[test]
fn a_store_that_fails_lets_nothing_in() {
    for fault in [Fault::Load, Fault::Swap, Fault::Conflicts] {
        let api = Api::new();
        api.fault.set(fault);
        assert_eq!(api.post("/v1/acquire", &json!({"keys": keys(600)})).0, 503);
        api.fault.set(Fault::None);
        assert_eq!(api.remaining("llm", "team", "tokens"), 1_000);
    }
}

/// Policies by what they say while the store fails.
const ON_STORE_FAILURE: &str = "
    [policy.closed]
    units = { algorithm = 'token-bucket', capacity = 8, refill = 0, default_cost = 1 }
    [policy.open]
    on_store_failure = 'open'
    units = { algorithm = 'token-bucket', capacity = 8, refill = 0, default_cost = 1 }
    [policy.local]
    on_store_failure = 'local'
    units = { algorithm = 'token-bucket', capacity = 8, refill = 0, default_cost = 1 }
";

fn of(policies: [&str; 2]) -> Value {
    policies.into_iter().map(|policy| json!({"policy": policy, "key": policy})).collect()
}

fn failing(fault: Fault) -> Api {
    let api = Api::with(ON_STORE_FAILURE);
    api.fault.set(fault);
    api
}

#[test]
fn keys_that_are_open_pass_uncounted_while_the_store_fails() {
    for fault in [Fault::Load, Fault::Swap] {
        let api = failing(fault);
        let ask = json!({"keys": [{"policy": "open", "key": "a"}, {"policy": "open", "key": "b"}]});
        let passed = api.acquire(&ask);
        assert_eq!(passed.status, StatusCode::OK, "{:?}", passed.json());
        assert_eq!(passed.header("tollgate-uncounted"), Some("?1"));
        assert_eq!(passed.header("tollgate-local"), None);
        let body = passed.json();
        let b = json!({"policy": "open", "key": "b", "limits": {}, "uncounted": true});
        assert_eq!((&body["allowed"], &body["keys"][1]), (&json!(true), &b));
        let held = api.post("/v1/acquire", &json!({"keys": of(["open", "closed"])}));
        assert_eq!(held.0, 503, "one key that is closed closes all");
    }
}

#[test]
fn keys_that_are_local_are_charged_here_or_none_is() {
    let api = failing(Fault::Load);
    let both = json!({"keys": of(["open", "local"])});
    for left in [1, 0] {
        let passed = api.acquire(&both);
        assert_eq!(passed.status, StatusCode::OK, "a quarter of 8 is granted here");
        assert_eq!(passed.header("tollgate-local"), Some("?1"));
        assert_eq!(passed.header("tollgate-uncounted"), Some("?1"));
        let body = passed.json();
        assert_eq!(
            (&body["keys"][0]["uncounted"], &body["keys"][0]["local"]),
            (&json!(true), &json!(null))
        );
        assert_eq!(body["keys"][1]["limits"]["units"]["remaining"], left);
        assert_eq!(
            (&body["keys"][1]["uncounted"], &body["keys"][1]["local"]),
            (&json!(null), &json!(true))
        );
    }
    let denied = api.acquire(&both);
    assert_eq!(denied.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(denied.header("tollgate-uncounted"), None, "nothing passed");
    assert_eq!(denied.json()["keys"][0]["key"], "local", "an open key was not asked");

    let fresh_and_full =
        json!([{"policy": "local", "key": "fresh"}, {"policy": "local", "key": "local"}]);
    assert_eq!(api.post("/v1/acquire", &json!({"keys": fresh_and_full})).0, 429);
    let fresh = api.acquire(&json!({"policy": "local", "key": "fresh"})).json();
    assert_eq!(
        fresh["limits"]["units"]["remaining"], 1,
        "it was not charged with the one that is full"
    );
}

#[test]
fn keys_that_are_local_are_not_held_and_not_remembered_here() {
    let api = failing(Fault::Load);
    for how in [json!({"hold_ms": 1_000}), json!({"request_id": "one"})] {
        let mut ask = how;
        ask["keys"] = of(["open", "local"]);
        assert_eq!(api.post("/v1/acquire", &ask).0, 503, "{ask}");
        ask["keys"] = of(["open", "open"]);
        ask["keys"][1]["key"] = json!("another");
        let (status, body) = api.post("/v1/acquire", &ask);
        assert_eq!((status, &body["lease"]), (200, &json!(null)), "{ask}");
    }
    let metrics = api.send(Request::get("/metrics"), "").body;
    let metrics = String::from_utf8(metrics.to_vec()).unwrap();
    assert!(metrics.contains("policy=\"open\",outcome=\"uncounted\"} 4\n"), "{metrics}");
}
