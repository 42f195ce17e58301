//! Capacities that are set, reduced, and recover.

use serde_json::{Value, json};

use crate::support::Api;

fn capacity(api: &Api) -> Value {
    api.get("/v1/capacity/upstream/k")["capacities"][0].clone()
}

#[test]
fn a_reduced_capacity_recovers_step_by_step() {
    let api = Api::new();
    let reduce = json!({"policy": "upstream", "key": "k", "source": "agent-1", "reason": "429"});
    let (status, body) = api.post("/v1/capacity/reduce", &reduce);
    assert_eq!((status, &body["limits"]["calls"]["limit"]), (200, &json!(100)), "{body}");
    let now = capacity(&api);
    assert_eq!((&now["capacity"], &now["original"]), (&json!(50), &json!(100)));
    assert_eq!(now["change"]["source"], "agent-1");
    assert_eq!(now["change"]["reason"], "429");
    api.pass(30_000);
    assert_eq!(capacity(&api)["capacity"], 55);
    api.pass(30_000 * 7);
    assert_eq!(capacity(&api)["capacity"], 100);
}

#[test]
fn a_capacity_is_set_and_cleared() {
    let api = Api::new();
    let set = json!({"policy": "upstream", "key": "k", "capacity": 10, "per_ms": 2_000});
    assert_eq!(api.post("/v1/capacity/set", &set).0, 200);
    let now = capacity(&api);
    assert_eq!((&now["capacity"], &now["per_ms"]), (&json!(10), &json!(2_000)));
    assert_eq!(api.post("/v1/capacity/clear", &json!({"policy": "upstream", "key": "k"})).0, 200);
    assert_eq!(capacity(&api)["capacity"], 100);
    let same_period = json!({"policy": "upstream", "key": "k", "capacity": 20});
    assert_eq!(api.post("/v1/capacity/set", &same_period).0, 200);
    assert_eq!(capacity(&api)["per_ms"], 1_000, "the policy's period");
}

#[test]
fn what_is_no_capacity_is_refused() {
    let api = Api::new();
    for (path, body, field) in [
        ("set", json!({"policy": "upstream", "key": "k", "capacity": 0}), "capacity"),
        ("set", json!({"policy": "upstream", "key": "k", "capacity": -5}), "capacity"),
        ("set", json!({"policy": "upstream", "key": "k"}), "capacity"),
        ("set", json!({"policy": "slow", "key": "k", "capacity": 5}), "limit"),
        ("set", json!({"policy": "upstream", "key": "k", "capacity": 5, "limit": "x"}), "limit"),
        ("set", json!({"policy": "upstream", "key": "k", "capacity": 5, "per_ms": 0}), "per_ms"),
        (
            "reduce",
            json!({"policy": "upstream", "key": "k", "factor_permille": 1000}),
            "factor_permille",
        ),
        ("reduce", json!({"policy": "upstream", "key": "k", "source": "s".repeat(65)}), "source"),
        ("reduce", json!({"policy": "upstream", "key": "k", "reason": "r".repeat(257)}), "reason"),
        ("clear", json!({"policy": "upstream", "key": "k", "capacity": 5}), "capacity"),
    ] {
        let (status, answer) = api.post(&format!("/v1/capacity/{path}"), &body);
        assert_eq!((status, &answer["field"]), (400, &json!(field)), "{body}");
    }
    assert_eq!(capacity(&api)["change"], json!(null), "nothing was changed");
    assert_eq!(api.get("/v1/capacity/slow/k")["capacities"], json!([]), "nothing there adapts");
}
