//! Pools: whichever member has room.

use http::Request;
use serde_json::{Value, json};

use crate::support::{Answer, Api, Fault};

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

[policy.open]
on_store_failure = "open"
requests = { algorithm = "gcra", limit = 5, per = "1s" }
[policy.local]
on_store_failure = "local"
local_share_percent = 40
requests = { algorithm = "gcra", limit = 5, per = "1s" }
[pool.open]
choice = "most-room"
members = [{ policy = "open", key = "a", region = "eu" }, { policy = "open", key = "b" }]
[pool.local]
choice = "most-room"
members = [{ policy = "local", key = "a" }, { policy = "local", key = "b" }]
"#;

fn acquire(api: &Api, pool: &str) -> (u16, Value) {
    api.post("/v1/pools/acquire", &json!({ "pool": pool }))
}

fn once(api: &Api, pool: &str, id: &str) -> Value {
    let (status, answer) = api.post("/v1/pools/acquire", &json!({"pool": pool, "request_id": id}));
    assert_eq!(status, 200, "{answer}");
    answer
}

fn left(api: &Api) -> [u64; 2] {
    ["a", "b"].map(|key| api.remaining("account", key, "requests"))
}

fn send(api: &Api, pool: &str) -> Answer {
    api.send(Request::post("/v1/pools/acquire"), &json!({ "pool": pool }).to_string())
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

/// As a key is whose upstream says when it answers again.
#[test]
fn a_blocked_member_has_no_room() {
    let api = Api::with(POLICIES);
    api.post("/v1/block", &json!({"policy": "account", "key": "a", "block_ms": 60_000}));
    assert_eq!(acquire(&api, "most").1["key"], "b");
    let metrics = api.text("/metrics");
    let denials = r#"tollgate_decisions_total{policy="account",outcome="limited"} 0"#;
    assert!(metrics.contains(denials), "it was not asked: {metrics}");
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
fn who_asks_a_pool_again_for_what_is_over_is_told_so() {
    let api = Api::with(POLICIES);
    let hold = json!({"pool": "workers", "hold_ms": 60_000, "request_id": "r1"});
    let (first, again) =
        (api.post("/v1/pools/acquire", &hold).1, api.post("/v1/pools/acquire", &hold).1);
    assert_eq!((&first["lease"], &again["repeated"]), (&again["lease"], &json!(true)));
    assert_eq!(api.post("/v1/release", &json!({"lease": first["lease"]})).0, 200);
    let (status, body) = api.post("/v1/pools/acquire", &hold);
    assert_eq!((status, &body["field"]), (410, &json!("request_id")), "{body}");
}

#[test]
fn what_a_pool_is_not_asked_is_refused() {
    let api = Api::with(POLICIES);
    for (body, status, field) in [
        (json!({}), 400, "pool"),
        (json!({"pool": "none"}), 404, "pool"),
        (json!({"pool": "turns", "cost": -1}), 400, "cost"),
        (json!({"pool": "turns", "cost": {"tokens": 1}}), 400, "cost.tokens"),
        (json!({"pool": "turns", "request_id": ""}), 400, "request_id"),
        (json!({"pool": "turns", "key": "a"}), 400, "key"),
        (json!({"pool": "workers"}), 400, "hold_ms"),
    ] {
        let (got, answer) = api.post("/v1/pools/acquire", &body);
        assert_eq!((got, &answer["field"]), (status, &json!(field)), "{body}");
    }
    assert_eq!(api.remaining("account", "a", "requests"), 2);
}

/// Pools that are asked alternately each go round.
#[test]
fn every_pool_has_turns_of_its_own() {
    let pools = "[pool.one]
        members = [{ policy = 'account', key = 'a' }, { policy = 'account', key = 'b' }]
        [pool.two]
        members = [{ policy = 'account', key = 'c' }, { policy = 'account', key = 'd' }]";
    let api = Api::with(&[POLICIES, pools].concat());
    let keys = ["one", "two", "one", "two"].map(|pool| acquire(&api, pool).1["key"].clone());
    assert_eq!(keys, ["a", "c", "b", "d"]);
}

/// Whoever lost the answer asks again, and is told the same member, whichever would be chosen by then.
#[test]
fn a_request_that_is_repeated_comes_back_with_its_member() {
    for pool in ["turns", "any", "most"] {
        for id in ["r1", "r2", "r3", "r4"] {
            let api = Api::with(POLICIES);
            let first = once(&api, pool, id);
            assert_eq!(first["repeated"], json!(null), "{pool}");
            let charged = left(&api);
            acquire(&api, "turns");
            for _ in 0..3 {
                let again = once(&api, pool, id);
                assert_eq!((&again["key"], &again["repeated"]), (&first["key"], &json!(true)));
                assert_eq!(again["member"], first["member"], "{pool}");
            }
            assert_eq!(left(&api).iter().sum::<u64>() + 1, charged.iter().sum::<u64>(), "{pool}");
        }
    }
}

/// The member that stood in for a full one is the one, also when the other has room again.
#[test]
fn a_member_that_regained_room_is_not_charged_for_what_another_one_has() {
    for pool in ["turns", "any", "most"] {
        for (full, other) in [("a", "b"), ("b", "a")] {
            let api = Api::with(POLICIES);
            let fill = json!({"policy": "account", "key": full, "cost": 2});
            assert_eq!(api.acquire(&fill).status, 200);
            assert_eq!(once(&api, pool, "r")["key"], other, "{pool}");
            // Now the first one would pass, and the other has nothing left.
            api.pass(20_000);
            let drain = json!({"policy": "account", "key": other, "cost": 2});
            assert_eq!(api.acquire(&drain).status, 200);
            let again = once(&api, pool, "r");
            assert_eq!((&again["key"], &again["repeated"]), (&json!(other), &json!(true)));
            assert_eq!(left(&api).iter().sum::<u64>(), 2, "{pool}: nothing more is charged");
        }
    }
}

/// Two of the same request on their way at the same time ask the same member first, in whichever process: it is
/// the id that says which. Of many ids each member gets its part.
#[test]
fn the_id_says_who_is_asked_first() {
    for pool in ["turns", "any"] {
        let mut first_is_a = 0;
        for n in 0..64 {
            let (here, there) = (Api::with(POLICIES), Api::with(POLICIES));
            acquire(&there, "turns");
            let id = format!("request-{n}");
            let key = once(&here, pool, &id)["key"].clone();
            assert_eq!(once(&there, pool, &id)["key"], key, "{pool} {id}");
            first_is_a += u32::from(key == "a");
        }
        assert!((16..=48).contains(&first_is_a), "{pool}: {first_is_a} of 64");
    }
}

#[test]
fn what_a_repeated_request_holds_is_held_once() {
    let api = Api::with(POLICIES);
    let hold = json!({"pool": "workers", "hold_ms": 60_000, "request_id": "r"});
    let first = api.post("/v1/pools/acquire", &hold).1;
    let again = api.post("/v1/pools/acquire", &hold).1;
    assert_eq!((&again["lease"], &again["key"]), (&first["lease"], &first["key"]));
    assert_eq!(again["repeated"], true);
    let other = api.post("/v1/pools/acquire", &json!({"pool": "workers", "hold_ms": 60_000})).1;
    assert_ne!(other["key"], first["key"], "the other slot is free");
}

/// Nobody may be charged in place of a member that can't be asked whether it knows the request.
#[test]
fn a_store_that_fails_charges_no_other_member() {
    let api = Api::with(POLICIES);
    let key = once(&api, "turns", "r")["key"].clone();
    api.fault.set(Fault::Load);
    let ask = json!({"pool": "turns", "request_id": "r"});
    assert_eq!(api.post("/v1/pools/acquire", &ask).0, 503);
    api.fault.set(Fault::None);
    assert_eq!(once(&api, "turns", "r")["key"], key);
    assert_eq!(left(&api).iter().sum::<u64>(), 3);
}

/// Who lets pass without the store names the member all the same, and says that it was not counted there.
#[test]
fn what_the_store_does_not_count_says_so_and_names_its_member() {
    let api = Api::with(POLICIES);
    api.fault.set(Fault::Load);
    let open = send(&api, "open");
    assert_eq!((open.status.as_u16(), open.header("tollgate-uncounted")), (200, Some("?1")));
    let body = open.json();
    assert_eq!((&body["key"], &body["uncounted"]), (&json!("a"), &json!(true)));
    assert_eq!(body["member"], json!({"region": "eu"}));
    let local: Vec<_> = (0..5).map(|_| send(&api, "local")).collect();
    assert!(local.iter().all(|answer| answer.header("tollgate-local") == Some("?1")));
    let statuses: Vec<_> = local.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 429], "two of each member are this process's share");
}

/// A grant tells where its key stands, as every decision on one key does.
#[test]
fn a_grant_has_the_fields_of_its_member() {
    let api = Api::with(POLICIES);
    let granted = send(&api, "turns");
    assert_eq!(granted.header("ratelimit"), Some("\"requests\";r=1;t=10"));
    assert_eq!(granted.header("ratelimit-policy"), Some("\"requests\";q=2;w=20"));
}

/// Status and fields tell all that a body would, also of whoever has a name that is no text of a header field.
#[test]
fn a_pool_is_asked_without_a_body_as_a_key_is() {
    let pool = "[pool.far]
        choice = 'most-room'
        members = [{ policy = 'account', key = 'ä/b c', Region = 'eu=1&2', note = '' }]";
    let api = Api::with(&[POLICIES, pool].concat());
    let ask = |pool: &str| {
        let request = Request::post("/v1/pools/acquire").header("prefer", "return=minimal");
        let answer = api.send(request, &json!({"pool": pool, "hold_ms": 60_000}).to_string());
        assert_eq!(
            (answer.header("preference-applied"), &*answer.body),
            (Some("return=minimal"), &b""[..])
        );
        answer
    };
    let granted = ask("far");
    let member = "policy=account&key=%C3%A4%2Fb%20c&Region=eu%3D1%262&note=";
    assert_eq!((granted.status.as_u16(), granted.header("tollgate-member")), (200, Some(member)));
    assert_eq!(granted.header("ratelimit"), Some("\"requests\";r=1;t=70"));
    let settle = json!({"lease": granted.header("tollgate-lease").unwrap()});
    assert_eq!(api.post("/v1/settle", &settle).0, 200);
    ask("far");
    let refused = ask("far");
    assert_eq!((refused.status.as_u16(), refused.header("tollgate-member")), (429, None));
    assert!(refused.header("tollgate-limits").unwrap().contains(";remaining=0;"));
    api.fault.set(Fault::Load);
    let open = ask("open");
    assert_eq!(open.header("tollgate-member"), Some("policy=open&key=a&region=eu"));
    assert_eq!(
        (open.header("tollgate-uncounted"), open.header("tollgate-lease")),
        (Some("?1"), None)
    );
}
