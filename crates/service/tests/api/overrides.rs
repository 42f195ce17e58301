//! Keys and hours with numbers of their own.

use http::Request;
use serde_json::{Value, json};
use tollgate_policy::PolicySet;
use tollgate_service::{Retention, record_key};

use crate::support::{Api, Fault};

/// Budgets that are spent once: 10 for most keys, 100 for gold ones and 1,000 for one of them.
const TIERS: &str = r#"
[policy.b]
on_store_failure = "local"
local_share_percent = 50
requests = { algorithm = "token-bucket", capacity = 10, refill = 0 }
overrides = [
    { keys = ["gold:7"], requests = { capacity = 1000 } },
    { keys = ["gold:*"], requests = { capacity = 100 } },
]
[pool.p]
choice = "most-room"
members = [{ policy = "b", key = "a" }, { policy = "b", key = "gold:1" }]
"#;

/// 5 a day by night and 20 from nine to five; the clock of a test begins on a Friday at eight.
const HOURS: &str = r#"
[policy.b]
requests = { algorithm = "fixed-window", limit = 5, per = "1d" }
[[policy.b.overrides]]
days = "mon-fri"
from = "09:00"
to = "17:00"
requests = { limit = 20 }
"#;

const HOUR_MS: u64 = 3_600_000;

fn spend(api: &Api, key: &str, cost: u64) -> u16 {
    api.acquire(&json!({"policy": "b", "key": key, "cost": cost})).status.as_u16()
}

fn left(api: &Api, key: &str) -> u64 {
    api.remaining("b", key, "requests")
}

/// Every way to a decision takes the numbers of the key.
#[test]
fn a_key_has_its_numbers_on_every_way() {
    let api = Api::with(TIERS);
    assert_eq!(["a", "gold:1", "gold:7", "gold"].map(|key| left(&api, key)), [10, 100, 1_000, 10]);
    assert_eq!([spend(&api, "a", 11), spend(&api, "gold:1", 11)], [422, 200]);
    let key = |key: &str, cost: u64| json!({"policy": "b", "key": key, "cost": cost});
    let several = json!({"keys": [key("a", 1), key("gold:1", 80)], "hold_ms": 1_000});
    let lease = api.acquire(&several).json()["lease"].clone();
    assert_eq!(left(&api, "gold:1"), 9);
    let actual = json!({"lease": lease, "keys": [key("gold:1", 79)]});
    assert_eq!(api.post("/v1/settle", &actual).0, 200);
    assert_eq!(left(&api, "gold:1"), 10);
    let batch = json!({"requests": [key("gold:7", 999), key("a", 9), key("gold:7", 2)]});
    let (_, batch) = api.post("/v1/acquire/batch", &batch);
    let results = batch["results"].as_array().unwrap();
    let numbers =
        results.iter().map(|it| (it["status"].clone(), it["limits"]["requests"]["limit"].clone()));
    let expected = [(200, 1_000), (200, 10), (429, 1_000)].map(|(a, b)| (json!(a), json!(b)));
    assert_eq!(numbers.collect::<Vec<_>>(), expected);
    let (_, granted) = api.post("/v1/pools/acquire", &json!({"pool": "p", "cost": 10}));
    assert_eq!(granted["key"], "gold:1");
    assert_eq!(api.post("/v1/penalise", &key("gold:7", 1_000)).0, 200);
    assert_eq!(left(&api, "gold:7"), 0);
    assert_eq!(api.post("/v1/reset", &json!({"policy": "b", "key": "gold:7"})).0, 200);
    assert_eq!(left(&api, "gold:7"), 1_000);
}

/// The fields of an answer tell the numbers of the key.
#[test]
fn header_fields_tell_the_numbers_of_the_key() {
    let text = "[policy.b]\nrequests = { algorithm = 'gcra', limit = 60, per = '1m' }\n\
                overrides = [{ keys = ['k'], requests = { limit = 600 } }]";
    let api = Api::with(text);
    for (key, expected) in [("k", "\"requests\";q=600;w=60"), ("l", "\"requests\";q=60;w=60")] {
        let answer = api.acquire(&json!({"policy": "b", "key": key}));
        assert_eq!(answer.header("ratelimit-policy"), Some(expected));
    }
}

/// A process that can't ask the store grants its share of the key's numbers.
#[test]
fn a_local_share_is_of_the_numbers_of_the_key() {
    let api = Api::with(TIERS);
    api.fault.set(Fault::Load);
    assert_eq!([spend(&api, "a", 5), spend(&api, "a", 1)], [200, 429]);
    assert_eq!([spend(&api, "gold:1", 50), spend(&api, "gold:1", 1)], [200, 429]);
}

/// What a key used stays used when the hour changes, and so do holds.
#[test]
fn a_key_keeps_what_it_used_when_the_hour_changes() {
    let api = Api::with(HOURS);
    assert_eq!([spend(&api, "k", 5), spend(&api, "k", 1)], [200, 429]);
    api.pass(HOUR_MS);
    assert_eq!(left(&api, "k"), 15);
    let hold = json!({"policy": "b", "key": "k", "cost": 10, "hold_ms": 86_400_000});
    let lease = api.acquire(&hold).json()["lease"].clone();
    assert_eq!((left(&api, "k"), left(&api, "l")), (5, 20));
    api.pass(8 * HOUR_MS);
    assert_eq!((left(&api, "k"), left(&api, "l")), (0, 5));
    assert_eq!(api.post("/v1/release", &json!({"lease": lease})).0, 200);
    assert_eq!(left(&api, "k"), 0, "5 were used in the morning");
    api.pass(16 * HOUR_MS);
    assert_eq!(left(&api, "k"), 5, "on Saturday it is night all day");
}

/// Who waits for room is told to come again when the hour is over.
#[test]
fn nobody_waits_on_for_an_hour_that_is_over() {
    let text = "[policy.b]\nrequests = { algorithm = 'gcra', limit = 1, per = '3s' }\n\
                overrides = [{ from = '08:00', to = '09:00', requests = { limit = 1000, burst = 1 } }]";
    let night = "[policy.b]\nrequests = { algorithm = 'gcra', limit = 1, per = '3s' }";
    let own = "\noverrides = [{ keys = ['k'], requests = { limit = 1 } }]";
    for (text, expected) in [(text, 429), (night, 200), (&[night, own].concat(), 200)] {
        let api = Api::with(text);
        api.pass(HOUR_MS - 1);
        assert_eq!(spend(&api, "k", 1), 200);
        let wait = json!({"policy": "b", "key": "k", "wait_ms": 4_000});
        assert_eq!(api.acquire(&wait).status.as_u16(), expected);
    }
}

fn put(api: &Api, overrides: &Value, migration: &str) {
    let limit = json!({"algorithm": "token-bucket", "capacity": 20, "refill": 0});
    let policy = json!({"requests": limit, "overrides": overrides});
    let body = json!({"policy": policy, "migration": migration});
    let (status, answer) = api.ask("PUT", "/v1/policies/b", &body);
    assert_eq!(status, 200, "{answer}");
    api.pass(3_000);
}

/// A record follows a change of policy from the numbers that its key had to those that it has.
#[test]
fn a_change_is_in_proportion_to_the_numbers_of_the_key() {
    let api = Api::with(TIERS);
    for (key, cost) in [("a", 5), ("gold:1", 50), ("gold:7", 500)] {
        assert_eq!(spend(&api, key, cost), 200);
    }
    let overrides = json!([{"keys": ["a", "gold:7"], "requests": {"capacity": 50}}]);
    put(&api, &overrides, "in_proportion");
    assert_eq!(["a", "gold:1", "gold:7"].map(|key| left(&api, key)), [25, 10, 25]);
    put(&api, &json!([]), "as_is");
    assert_eq!(["a", "gold:1", "gold:7"].map(|key| left(&api, key)), [0, 10, 0]);
    let listed = api.get("/v1/policies/b");
    assert_eq!(listed["policy"]["overrides"], json!([]), "it is told as it was put");
    let wrong = json!({"policy": {"requests": {"algorithm": "concurrency", "slots": 1},
        "overrides": [{"keys": ["k"], "requests": {"slots": 0}}]}});
    let (status, problem) = api.ask("PUT", "/v1/policies/b", &wrong);
    assert_eq!((status, &problem["field"]), (400, &json!("policy.overrides[0].requests.slots")));
}

/// It follows the numbers of the hour at which the change took effect, whenever somebody looks.
#[test]
fn who_comes_late_follows_the_numbers_of_the_hour_of_the_change() {
    let api = Api::with(TIERS);
    for key in ["early", "late"] {
        assert_eq!(spend(&api, key, 5), 200);
    }
    put(&api, &json!([{"to": "09:00", "requests": {"capacity": 100}}]), "in_proportion");
    assert_eq!(spend(&api, "early", 0), 200);
    assert_eq!(spend(&api, "early", 1), 200);
    api.pass(HOUR_MS);
    assert_eq!([left(&api, "early"), left(&api, "late")], [0, 0], "50 of 100 are more than 20");
    api.pass(16 * HOUR_MS);
    assert_eq!([left(&api, "early"), left(&api, "late")], [49, 50]);
}

/// A record is idle when it is under all numbers that its key may have, and so never too early.
#[test]
fn records_are_swept_when_they_are_idle_under_all_numbers() {
    let text = "[policy.b]\nrequests = { algorithm = 'fixed-window', limit = 5, per = '1m' }\n\
                overrides = [{ keys = ['k*'], requests = { per = '1d' } }]";
    let long = "k".repeat(400);
    let api = Api::with(text);
    let retention = Retention::new(&PolicySet::parse(text).unwrap());
    assert_eq!([spend(&api, "k", 5), spend(&api, &long, 5)], [200, 200]);
    api.pass(2 * HOUR_MS);
    api.sweep(&retention);
    assert_eq!(api.post("/v1/sweep", &json!({})).1["removed"], 0);
    assert_eq!([left(&api, "k"), left(&api, &long)], [0, 0]);
    // What can't be told of a key that was hashed is kept.
    put(&api, &json!([{"keys": ["k"], "requests": {"capacity": 100}}]), "reset");
    api.pass(24 * HOUR_MS);
    assert_eq!(api.post("/v1/sweep", &json!({})).1["removed"], 1);
    assert!(api.stored(&record_key(None, "b", &long)).is_some());
}

/// What a process holds of a key is spent by the numbers of that key.
#[test]
fn a_budget_lease_is_of_the_numbers_of_the_key() {
    let text = "[policy.b]\ncontention = 'lease'\n\
                requests = { algorithm = 'fixed-window', limit = 50, per = '1d' }\n\
                overrides = [{ keys = ['k'], requests = { limit = 1000 } }]";
    let api = Api::with(text);
    for _ in 0..500 {
        assert_eq!(spend(&api, "k", 1), 200);
    }
    assert!(api.loads.get() < 250, "most of it in the process alone");
    let granted = |key: &str| (0..1_100).filter(|_| spend(&api, key, 1) == 200).count();
    let mut all = [500 + granted("k"), granted("l")];
    for _ in 0..5 {
        api.pass(3_000);
        all = [all[0] + granted("k"), all[1] + granted("l")];
    }
    assert_eq!(all, [1_000, 50]);
}

/// What a process holds of a key when the hour changes is settled for what was spent of it.
#[test]
fn a_budget_lease_is_settled_in_the_next_hour() {
    let text = "[policy.b]\ncontention = 'lease'\n\
                requests = { algorithm = 'fixed-window', limit = 5000, per = '1d' }\n\
                overrides = [{ to = '09:00', requests = { limit = 10000 } }]";
    let api = Api::with(text);
    api.pass(HOUR_MS - 100);
    for _ in 0..50 {
        assert_eq!(spend(&api, "k", 1), 200);
    }
    assert!(left(&api, "k") < 9_950, "a part is held");
    for _ in 0..3 {
        api.pass(900);
        assert_eq!(spend(&api, "k", 1), 200);
    }
    let left = left(&api, "k");
    assert!(
        (5_000 - 54..=5_000 - 53).contains(&left),
        "{left}: the sign of a hot key may cost a unit"
    );
}

/// What an adaptive limit is reduced from, and recovers to, are the numbers of the key.
#[test]
fn a_capacity_is_of_the_numbers_of_the_key() {
    let text = "[policy.b]\ncalls = { algorithm = 'adaptive', capacity = 100, per = '1s' }\n\
                overrides = [{ keys = ['k'], calls = { capacity = 400 } }]";
    let api = Api::with(text);
    assert_eq!(api.post("/v1/capacity/reduce", &json!({"policy": "b", "key": "k"})).0, 200);
    let capacity = &api.get("/v1/capacity/b/k")["capacities"][0];
    assert_eq!((&capacity["capacity"], &capacity["original"]), (&json!(200), &json!(400)));
    let answer = api.send(Request::get("/v1/capacity/b/l"), "").json();
    assert_eq!(answer["capacities"][0]["capacity"], 100);
}
