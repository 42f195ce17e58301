//! Pools: whichever member has room.

use serde_json::{Value, json};

use crate::support::Api;

const POLICIES: &str = r#"
[policy.account]
requests = { algorithm = "token-bucket", capacity = 2, refill = 1, per = "10s" }
[policy.slots]
jobs = { algorithm = "concurrency", slots = 1 }

[pool.turns]
members = [
    { policy = "account", key = "a", region = "eu", model = "large" },
    { policy = "account", key = "b", region = "us" },
]
[pool.any]
choice = "random"
members = [{ policy = "account", key = "a" }, { policy = "account", key = "b" }]
[pool.most]
choice = "most-room"
members = [{ policy = "account", key = "a" }, { policy = "account", key = "b" }]
[pool.workers]
members = [{ policy = "slots", key = "1" }, { policy = "slots", key = "2" }]
"#;

fn acquire(api: &Api, pool: &str) -> (u16, Value) {
    api.post("/v1/pools/acquire", &json!({ "pool": pool }))
}

#[test]
fn members_take_turns_and_the_next_stands_in_for_one_that_is_full() {
    let api = Api::with(POLICIES);
    let keys: Vec<_> = (0..3).map(|_| acquire(&api, "turns").1).collect();
    assert_eq!(keys[0]["key"], "a");
    assert_eq!(keys[0]["member"], json!({"region": "eu", "model": "large"}));
    assert_eq!((&keys[1]["key"], &keys[2]["key"]), (&json!("b"), &json!("a")));
    assert_eq!(acquire(&api, "turns").1["key"], "b");
    api.pass(4_000);
    api.post("/v1/acquire", &json!({"policy": "account", "key": "b", "cost": 0}));
    let (status, full) = acquire(&api, "turns");
    assert_eq!((status, &full["limits"]["requests"]["retry_after_ms"]), (429, &json!(6_000)));
    api.pass(6_000);
    assert_eq!(acquire(&api, "turns").0, 200);
    assert_eq!(acquire(&api, "turns").0, 200, "each of them regained one");
    assert_eq!(acquire(&api, "turns").0, 429);
}

#[test]
fn every_unit_of_a_pool_is_found_whatever_the_order() {
    for pool in ["any", "most", "turns"] {
        let api = Api::with(POLICIES);
        let granted = (0..10).filter(|_| acquire(&api, pool).0 == 200).count();
        assert_eq!(granted, 4, "{pool}");
    }
}

#[test]
fn the_member_with_the_most_room_comes_first() {
    let api = Api::with(POLICIES);
    api.post("/v1/acquire", &json!({"policy": "account", "key": "a"}));
    assert_eq!(acquire(&api, "most").1["key"], "b");
}

#[test]
fn what_a_pool_holds_is_released_on_its_member() {
    let api = Api::with(POLICIES);
    let hold = json!({"pool": "workers", "hold_ms": 60_000});
    let first = api.post("/v1/pools/acquire", &hold).1;
    assert_eq!(api.post("/v1/pools/acquire", &hold).0, 200);
    assert_eq!(api.post("/v1/pools/acquire", &hold).0, 429);
    assert_eq!(api.post("/v1/release", &json!({"lease": first["lease"]})).0, 200);
    assert_eq!(api.post("/v1/pools/acquire", &hold).1["key"], first["key"]);
}

#[test]
fn what_a_pool_is_not_asked_is_refused() {
    let api = Api::with(POLICIES);
    for (body, status, field) in [
        (json!({}), 400, "pool"),
        (json!({"pool": "none"}), 404, "pool"),
        (json!({"pool": "turns", "cost": -1}), 400, "cost"),
        (json!({"pool": "turns", "cost": {"tokens": 1}}), 400, "cost.tokens"),
        (json!({"pool": "turns", "request_id": "r"}), 400, "request_id"),
        (json!({"pool": "turns", "key": "a"}), 400, "key"),
        (json!({"pool": "workers"}), 400, "hold_ms"),
    ] {
        let (got, answer) = api.post("/v1/pools/acquire", &body);
        assert_eq!((got, &answer["field"]), (status, &json!(field)), "{body}");
    }
    assert_eq!(api.remaining("account", "a", "requests"), 2);
}
