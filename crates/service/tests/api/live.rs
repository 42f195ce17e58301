//! Deciding while policies change: when, for whom, and what becomes of what was counted.

mod processes;

use http::Request;
use serde_json::{Value, json};

use crate::support::Api;

/// A budget that is spent once.
fn budget(capacity: u64) -> Value {
    let limit = json!({"algorithm": "token-bucket", "capacity": capacity, "refill": 0});
    json!({ "requests": limit })
}

const BUDGET: &str =
    "[policy.b]\nrequests = { algorithm = 'token-bucket', capacity = 100, refill = 0 }";

fn put(api: &Api, name: &str, policy: &Value, migration: &str) {
    let body = json!({"policy": policy, "migration": migration});
    let (status, answer) = api.ask("PUT", &format!("/v1/policies/{name}"), &body);
    assert_eq!(status, 200, "{answer}");
}

fn spend(api: &Api, cost: u64) -> u16 {
    api.acquire(&json!({"policy": "b", "key": "k", "cost": cost})).status.as_u16()
}

fn left(api: &Api) -> u64 {
    api.remaining("b", "k", "requests")
}

#[test]
fn each_migration_does_to_records_what_it_says() {
    for (migration, expected) in [("as_is", 170), ("in_proportion", 140), ("reset", 200)] {
        let api = Api::with(BUDGET);
        assert_eq!(spend(&api, 30), 200);
        put(&api, "b", &budget(200), migration);
        assert_eq!(left(&api), 70, "{migration}: not yet");
        api.pass(3_000);
        assert_eq!(left(&api), expected, "{migration}");
        assert_eq!(left(&api), expected, "{migration}: looking changes nothing");
        assert_eq!((spend(&api, 10), left(&api)), (200, expected - 10), "{migration}");
        assert_eq!((spend(&api, 10), left(&api)), (200, expected - 20), "{migration}: once");
        assert_eq!(api.remaining("b", "new", "requests"), 200, "{migration}");
    }
}

/// A record that nobody touched for several changes follows all of them, in their order.
#[test]
fn a_record_follows_every_change_since_it_was_written() {
    let api = Api::with(BUDGET);
    spend(&api, 50);
    for (capacity, migration) in [(200, "in_proportion"), (300, "as_is"), (30, "in_proportion")] {
        put(&api, "b", &budget(capacity), migration);
        api.pass(3_000);
    }
    // 50 of 100, 100 of 200, 100 of 300, 10 of 30.
    assert_eq!(left(&api), 20);
    put(&api, "b", &budget(10), "reset");
    put(&api, "b", &budget(1_000), "in_proportion");
    api.pass(3_000);
    assert_eq!(left(&api), 1_000);
}

/// What is deleted is carried over too, to what the configuration says.
#[test]
fn deleting_is_a_change_like_any_other() {
    let api = Api::with(BUDGET);
    put(&api, "b", &budget(10), "reset");
    api.pass(3_000);
    spend(&api, 5);
    assert_eq!(api.ask("DELETE", "/v1/policies/b?migration=in_proportion", &json!(null)).0, 200);
    api.pass(3_000);
    assert_eq!(left(&api), 50);
    spend(&api, 1);
    put(&api, "b", &budget(10), "in_proportion");
    api.pass(3_000);
    assert_eq!(left(&api), 4, "51 of 100 are 6 of 10, rounded up");
}

/// A record is carried over as of the moment of the change, whenever somebody looks.
#[test]
fn who_comes_late_finds_what_who_came_at_once_did() {
    let refill = |period: &str| {
        let limit =
            json!({"algorithm": "token-bucket", "capacity": 100, "refill": 100, "per": period});
        json!({ "requests": limit })
    };
    let api = Api::with(
        "[policy.b]\nrequests = { algorithm = 'token-bucket', capacity = 100, refill = 100, per = '1h' }",
    );
    api.pass(1);
    for key in ["early", "late"] {
        api.acquire(&json!({"policy": "b", "key": key, "cost": 100}));
    }
    put(&api, "b", &refill("100s"), "in_proportion");
    api.pass(3_000);
    // The hour's rate brought nothing whole in three seconds; now one comes back each second.
    assert_eq!(api.remaining("b", "early", "requests"), 0);
    api.pass(1_000);
    api.acquire(&json!({"policy": "b", "key": "early", "cost": 1}));
    api.pass(9_000);
    let [early, late] = ["early", "late"].map(|key| api.remaining("b", key, "requests"));
    assert_eq!((early, late), (9, 10), "less the one that was charged");
}

/// What a tenant puts is nobody else's, in listing, in deciding and in changing.
#[test]
fn no_tenant_changes_the_policies_of_another_one() {
    let api = crate::keys::api();
    let send = |key: &str, method: &str, path: &str, body: &Value| {
        crate::keys::send(&api, key, method, path, body)
    };
    let body = json!({"policy": budget(9)});
    assert_eq!(send("acme-look", "PUT", "/v1/policies/slow", &body).status, 403);
    assert_eq!(send("acme-ask", "DELETE", "/v1/policies/slow", &body).status, 403);
    assert_eq!(send("acme-ask", "GET", "/v1/policies", &body).status, 403);
    assert_eq!(send("acme-all", "PUT", "/v1/policies/slow", &body).status, 200);
    assert_eq!(send("acme-all", "PUT", "/v1/policies/secret", &body).status, 200);
    api.pass(3_000);
    let left = |key: &str| {
        let peek = send(key, "GET", "/v1/limits/slow/k", &json!(null)).json();
        peek["limits"]["requests"]["remaining"].clone()
    };
    assert_eq!((left("acme-look"), left("other-all")), (json!(9), json!(2)));
    let listed = send("other-all", "GET", "/v1/policies", &json!(null)).json();
    assert_eq!(listed["revision"], 0);
    assert!(!listed.to_string().contains("secret"));
    assert_eq!(send("other-all", "GET", "/v1/policies/secret", &json!(null)).status, 404);
    assert_eq!(send("other-all", "DELETE", "/v1/policies/secret", &json!(null)).status, 404);
    let metrics = send("other-all", "GET", "/metrics", &json!(null)).body;
    assert!(!String::from_utf8(metrics.to_vec()).unwrap().contains("secret"));
    assert_eq!(send("other-all", "PUT", "/v1/policies/slow", &body).json()["next"]["revision"], 1);
}

/// Decisions under names that a tenant made up are counted together.
#[test]
fn made_up_names_are_one_line_of_the_metrics() {
    let api = Api::with(BUDGET);
    for name in ["b", "x", "y"] {
        put(&api, name, &budget(1), "reset");
    }
    api.pass(3_000);
    for name in ["b", "x", "y"] {
        assert_eq!(api.acquire(&json!({"policy": name, "key": "k"})).status, 200);
    }
    let text = api.send(Request::get("/metrics"), "").body;
    let text = String::from_utf8(text.to_vec()).unwrap();
    let allowed = |policy: &str, count: u64| {
        format!("tollgate_decisions_total{{policy=\"{policy}\",outcome=\"allowed\"}} {count}\n")
    };
    assert!(text.contains(&allowed("b", 1)) && text.contains(&allowed(":live", 2)), "{text}");
    assert!(!text.contains("\"x\""));
}

/// What a process holds of a key is spent by the limits that it was held of: after a change nothing of it
/// is, and what was held is charged when it expires.
#[test]
fn a_budget_lease_ends_with_its_policy() {
    let leased = |limit: u64| {
        let limit = json!({"algorithm": "fixed-window", "limit": limit, "per": "1h"});
        json!({"contention": "lease", "requests": limit})
    };
    let text = "[policy.b]\ncontention = 'lease'\n\
                requests = { algorithm = 'fixed-window', limit = 10000, per = '1h' }";
    let api = Api::with(text);
    for _ in 0..20 {
        assert_eq!(spend(&api, 1), 200);
    }
    put(&api, "b", &leased(100), "as_is");
    api.pass(2_900);
    let loads = api.loads.get();
    for _ in 0..30 {
        assert_eq!(spend(&api, 1), 200);
    }
    assert!(api.loads.get() - loads < 15, "it spends what it holds");
    api.pass(100);
    let granted = (0..200).filter(|_| spend(&api, 1) == 200).count();
    assert!(granted <= 50, "{granted} and the 50 before");
    api.pass(1_000);
    let granted = granted + (0..200).filter(|_| spend(&api, 1) == 200).count();
    assert!(granted <= 50, "{granted} and the 50 before, with what was held and not settled");
}

/// Several keys and batches follow their records as single requests do.
#[test]
fn several_keys_and_batches_follow_too() {
    let api = Api::with(BUDGET);
    let key = |key: &str, cost: u64| json!({"policy": "b", "key": key, "cost": cost});
    let both = |a, b| api.acquire(&json!({"keys": [key("k", a), key("l", b)]})).status.as_u16();
    assert_eq!(both(30, 60), 200);
    put(&api, "b", &budget(10), "in_proportion");
    api.pass(3_000);
    let (_, batch) =
        api.post("/v1/acquire/batch", &json!({"requests": [key("k", 7), key("l", 5)]}));
    let statuses =
        batch["results"].as_array().unwrap().iter().map(|it| it["status"].as_u64().unwrap());
    assert_eq!(statuses.collect::<Vec<_>>(), [200, 429]);
    assert_eq!([both(1, 1), both(0, 4), both(0, 1)], [429, 200, 429]);
}

/// A lease that was granted before is settled after: what was held is in use whatever the numbers are.
#[test]
fn a_lease_lives_through_a_change() {
    let api = Api::with(BUDGET);
    let hold = json!({"policy": "b", "key": "k", "cost": 40, "hold_ms": 60_000});
    let lease = api.acquire(&hold).json()["lease"].clone();
    put(&api, "b", &budget(50), "reset");
    api.pass(3_000);
    assert_eq!(left(&api), 10);
    assert_eq!(api.post("/v1/settle", &json!({"lease": lease, "cost": 25})).0, 200);
    assert_eq!(left(&api), 25);
}

/// A pool's members are decided by what is in force for their policies.
#[test]
fn pools_follow_the_policies_of_their_members() {
    let pool = "\n[pool.p]\nmembers = [{ policy = 'b', key = 'k' }]";
    let api = Api::with(&[BUDGET, pool].concat());
    put(&api, "b", &budget(5), "as_is");
    api.pass(3_000);
    let ask = |cost: u64| api.post("/v1/pools/acquire", &json!({"pool": "p", "cost": cost})).0;
    assert_eq!([ask(6), ask(5), ask(1)], [422, 200, 429]);
    api.ask("DELETE", "/v1/policies/b", &json!(null));
    api.pass(3_000);
    assert_eq!(ask(95), 200);
}

/// Who waits for room is told to come again when the policy changes meanwhile.
#[test]
fn nobody_waits_on_for_a_policy_that_is_over() {
    let text = "[policy.b]\nrequests = { algorithm = 'gcra', limit = 1, per = '3s' }";
    let api = Api::with(text);
    assert_eq!(spend(&api, 1), 200);
    put(&api, "b", &budget(9), "as_is");
    let wait = json!({"policy": "b", "key": "k", "wait_ms": 4_000});
    let answer = api.acquire(&wait);
    assert_eq!((answer.status.as_u16(), api.clock_millis() % 10_000), (429, 3_000));
    assert_eq!(spend(&api, 1), 200, "who comes again is decided anew");

    put(&api, "b", &json!({"r": {"algorithm": "gcra", "limit": 1, "per": "3s"}}), "reset");
    api.pass(3_000);
    let key = json!({"policy": "b", "key": "k", "cost": 1});
    let several = json!({"keys": [key], "wait_ms": 4_000});
    assert_eq!(api.acquire(&several).status, 200);
    put(&api, "b", &budget(9), "reset");
    assert_eq!(api.acquire(&several).status, 429, "of several keys, too");
}

/// Where there was no policy there is no proportion either: what is found is taken as it is.
#[test]
fn what_is_put_where_nothing_was_takes_records_as_they_are() {
    let api = Api::with(BUDGET);
    let adaptive = json!({"calls": {"algorithm": "adaptive", "capacity": 100, "per": "1s"}});
    put(&api, "new", &adaptive, "as_is");
    api.pass(3_000);
    let set = json!({"policy": "new", "key": "k", "capacity": 40});
    assert_eq!(api.post("/v1/capacity/set", &set).0, 200);
    assert_eq!(api.ask("DELETE", "/v1/policies/new", &json!(null)).0, 200);
    api.pass(3_000);
    put(&api, "new", &adaptive, "in_proportion");
    api.pass(3_000);
    assert_eq!(api.get("/v1/capacity/new/k")["capacities"][0]["capacity"], 40);
}
