//! Keys that many ask for at once, where the process holds a part of the limits for a moment.

use serde_json::{Value, json};

use crate::keys;
use crate::support::{Api, Fault};

const POLICIES: &str = r#"
[policy.hot]
contention = "lease"
requests = { algorithm = "fixed-window", limit = 1000, per = "1d" }
"#;

/// 36 requests at once for each of these keys, which all pass.
fn burst(api: &Api, keys: &[&str]) {
    for key in keys {
        for _ in 0..36 {
            assert_eq!(api.acquire(&json!({"policy": "hot", "key": key})).status, 200);
        }
        assert!(api.remaining("hot", key, "requests") < 1_000 - 36, "more is held");
    }
}

#[test]
fn what_a_burst_did_not_use_is_given_back_though_nobody_asks_again() {
    let api = Api::with(POLICIES);
    let keys = ["a", "b", &"c".repeat(512)];
    burst(&api, &keys);
    api.pass(499);
    api.settle_leases();
    assert!(api.remaining("hot", "a", "requests") < 964, "it is still being spent");
    api.pass(1);
    api.settle_leases();
    for key in keys {
        assert_eq!(api.remaining("hot", key, "requests"), 964);
    }
    api.pass(5_000);
    api.settle_leases();
    assert_eq!(api.remaining("hot", "a", "requests"), 964, "once");
}

#[test]
fn a_key_is_settled_by_the_numbers_that_it_has() {
    let overrides = "overrides = [{ keys = ['gold:*'], requests = { limit = 2000 } }]";
    let api = Api::with(&[POLICIES, overrides].concat());
    let remaining = |key: &str| api.remaining("hot", key, "requests");
    let long = format!("gold:{}", "c".repeat(507));
    for key in ["a", "gold:a", &long] {
        for _ in 0..36 {
            assert_eq!(api.acquire(&json!({"policy": "hot", "key": key})).status, 200);
        }
    }
    api.pass(500);
    api.settle_leases();
    assert_eq!((remaining("a"), remaining("gold:a")), (964, 1_964));
    assert!(remaining(&long) < 1_964, "whose numbers it has is known to its own requests alone");
}

#[test]
fn a_process_that_stops_gives_back_what_it_holds() {
    let api = Api::with(POLICIES);
    burst(&api, &["a"]);
    api.stop();
    assert_eq!(api.remaining("hot", "a", "requests"), 964);
}

/// As any other's, on the tenant's own records.
#[test]
fn the_leases_of_a_tenant_s_own_policy_are_settled_too() {
    let api = keys::api();
    let policy = json!({"policy": {
        "contention": "lease",
        "requests": {"algorithm": "fixed-window", "limit": 1000, "per": "1d"},
    }});
    let as_acme =
        |method: &str, path: &str, body: &Value| keys::send(&api, "acme-all", method, path, body);
    assert_eq!(as_acme("PUT", "/v1/policies/hot", &policy).status, 200);
    api.pass(3_000);
    for _ in 0..36 {
        let ask = json!({"policy": "hot", "key": "a"});
        assert_eq!(as_acme("POST", "/v1/acquire", &ask).status, 200);
    }
    let remaining = || {
        let seen = as_acme("GET", "/v1/limits/hot/a", &json!(null)).json();
        seen["limits"]["requests"]["remaining"].clone()
    };
    assert_ne!(remaining(), 964);
    api.pass(500);
    api.settle_leases();
    assert_eq!(remaining(), 964);
}

/// Nobody knows then what becomes of it: it is charged when it expires.
#[test]
fn a_lease_that_the_store_does_not_settle_is_charged_in_full() {
    let api = Api::with(POLICIES);
    burst(&api, &["a"]);
    let held = api.remaining("hot", "a", "requests");
    api.pass(500);
    api.fault.set(Fault::Load);
    api.settle_leases();
    api.fault.set(Fault::None);
    api.settle_leases();
    api.pass(2_000);
    assert_eq!(api.remaining("hot", "a", "requests"), held);
}
