//! Leases: what is held is settled, released, renewed, or expires.

use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::support::{Api, Fault};

/// Holds a request and so many tokens for a minute.
fn hold(api: &Api, tokens: u64) -> String {
    let cost = json!({"tokens": tokens});
    let ask = json!({"policy": "llm", "key": "k", "cost": cost, "hold_ms": 60_000});
    let (status, body) = api.post("/v1/acquire", &ask);
    assert_eq!(status, 200, "{body}");
    body["lease"].as_str().unwrap().to_owned()
}

#[test]
fn what_was_held_and_not_used_is_given_back() {
    let api = Api::new();
    let lease = hold(&api, 900);
    assert_eq!(api.remaining("llm", "k", "tokens"), 100);
    let settle = json!({"lease": lease, "cost": {"tokens": 300}});
    let (status, body) = api.post("/v1/settle", &settle);
    assert_eq!((status, &body["allowed"]), (200, &json!(true)));
    assert_eq!(body["keys"][0]["limits"]["tokens"]["remaining"], 700);
    assert_eq!(api.post("/v1/settle", &settle).0, 410, "it is settled once");
    assert_eq!(api.remaining("llm", "k", "tokens"), 700, "and charged once");
}

/// As a call may have to be, whose cost nobody knows before it.
#[test]
fn a_lease_of_nothing_is_settled_for_what_it_came_to() {
    let api = Api::new();
    let ask = json!({"policy": "llm", "key": "k", "cost": {"requests": 0, "tokens": 0}, "hold_ms": 60_000});
    let lease = api.acquire(&ask).json()["lease"].clone();
    assert_eq!(api.remaining("llm", "k", "tokens"), 1_000);
    assert_eq!(api.post("/v1/settle", &json!({"lease": lease, "cost": {"tokens": 300}})).0, 200);
    assert_eq!(api.remaining("llm", "k", "tokens"), 700);
}

#[test]
fn what_was_used_beyond_the_hold_is_debt() {
    let api = Api::new();
    let lease = hold(&api, 900);
    let (status, _) = api.post("/v1/settle", &json!({"lease": lease, "cost": {"tokens": 1_500}}));
    assert_eq!(status, 200);
    assert_eq!(api.remaining("llm", "k", "tokens"), 0);
    api.pass(5_000);
    assert_eq!(api.remaining("llm", "k", "tokens"), 0, "500 of debt are paid first");
    api.pass(1_000);
    assert_eq!(api.remaining("llm", "k", "tokens"), 100);
}

#[test]
fn a_policy_may_refuse_to_be_overrun_and_the_lease_stays() {
    let api = Api::new();
    let ask = json!({"policy": "strict", "key": "k", "cost": 90, "hold_ms": 60_000});
    let lease = api.post("/v1/acquire", &ask).1["lease"].clone();
    let (status, body) = api.post("/v1/settle", &json!({"lease": lease, "cost": 200}));
    assert_eq!((status, &body["allowed"]), (422, &json!(false)), "{body}");
    api.acquire(&json!({"policy": "strict", "key": "k", "cost": 5}));
    let (status, body) = api.post("/v1/settle", &json!({"lease": lease, "cost": 97}));
    let wait = &body["keys"][0]["limits"]["tokens"]["retry_after_ms"];
    assert_eq!((status, wait), (429, &json!(2_000)), "seven more, where five are left");
    assert_eq!(api.post("/v1/settle", &json!({"lease": lease, "cost": 95})).0, 200);
    assert_eq!(api.remaining("strict", "k", "tokens"), 0);
}

#[test]
fn a_lease_without_a_cost_is_settled_for_what_it_holds() {
    let api = Api::new();
    let lease = hold(&api, 400);
    assert_eq!(api.post("/v1/settle", &json!({"lease": lease})).0, 200);
    assert_eq!(api.remaining("llm", "k", "tokens"), 600);
}

#[test]
fn a_request_that_is_repeated_after_its_lease_is_told_that_it_is_over() {
    let of_keys = |keys: &[&str]| -> Value {
        keys.iter()
            .map(|key| json!({"policy": "llm", "key": key, "cost": {"tokens": 400}}))
            .collect()
    };
    let one = json!({"policy": "llm", "key": "k", "cost": {"tokens": 400}});
    let several = [&["k"][..], &["k", "l"]].map(|keys| json!({ "keys": of_keys(keys) }));
    for (fault, mut ask) in [(Fault::None, one), (Fault::OneByOne, several[1].clone())]
        .into_iter()
        .chain(several.map(|ask| (Fault::None, ask)))
    {
        let api = Api::new();
        api.fault.set(fault);
        ask["hold_ms"] = json!(1_000);
        ask["request_id"] = json!("r1");
        let (status, held) = api.post("/v1/acquire", &ask);
        assert_eq!(status, 200, "{held}");
        assert_eq!(api.post("/v1/release", &json!({"lease": held["lease"]})).0, 200);
        let (status, body) = api.post("/v1/acquire", &ask);
        let told = (status, &body["type"], &body["field"]);
        assert_eq!(told, (410, &json!("urn:tollgate:problem:lease-gone"), &json!("request_id")));
        assert_eq!(api.remaining("llm", "k", "tokens"), 1_000, "nothing is held or charged again");
        ask["request_id"] = json!("r2");
        assert_eq!(api.post("/v1/acquire", &ask).0, 200);
    }
}

#[test]
fn a_released_lease_costs_nothing_and_can_not_be_settled() {
    let api = Api::new();
    let lease = hold(&api, 400);
    assert_eq!(api.post("/v1/release", &json!({"lease": lease})).0, 200);
    assert_eq!(api.remaining("llm", "k", "tokens"), 1_000);
    let (status, body) = api.post("/v1/settle", &json!({"lease": lease}));
    assert_eq!((status, &body["type"]), (410, &json!("urn:tollgate:problem:lease-gone")));
    assert_eq!(api.post("/v1/release", &json!({"lease": lease})).0, 410);
    assert_eq!(api.post("/v1/renew", &json!({"lease": lease, "hold_ms": 1})).0, 410);
}

#[test]
fn an_expired_lease_is_charged_and_a_renewed_one_is_not() {
    let api = Api::new();
    let (expires, renewed) = (hold(&api, 100), hold(&api, 100));
    api.pass(50_000);
    let renew = json!({"lease": renewed, "hold_ms": 60_000});
    assert_eq!(api.post("/v1/renew", &renew).0, 200);
    api.pass(11_000);
    assert_eq!(api.post("/v1/release", &json!({"lease": expires})).0, 410, "it has expired");
    assert_eq!(api.post("/v1/release", &json!({"lease": renewed})).0, 200);
}

#[test]
fn slots_are_taken_by_leases_alone() {
    let api = Api::new();
    let without = api.post("/v1/acquire", &json!({"policy": "slots", "key": "k"}));
    assert_eq!((without.0, &without.1["field"]), (400, &json!("hold_ms")));
    let ask = json!({"policy": "slots", "key": "k", "hold_ms": 1_000});
    let first = api.post("/v1/acquire", &ask).1["lease"].clone();
    assert_eq!(api.post("/v1/acquire", &ask).0, 200);
    let full = api.acquire(&ask);
    assert_eq!(full.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(full.json()["limits"]["jobs"]["retry_after_ms"], 1_000, "when a holder expires");
    assert_eq!(api.post("/v1/release", &json!({"lease": first})).0, 200);
    assert_eq!(api.post("/v1/acquire", &ask).0, 200, "the slot is free again");
}

#[test]
fn a_minimal_answer_carries_the_lease_in_a_header() {
    let api = Api::new();
    let ask = json!({"policy": "slots", "key": "k", "hold_ms": 1_000}).to_string();
    let request = Request::post("/v1/acquire").header("prefer", "return=minimal");
    let answer = api.send(request, &ask);
    let lease = answer.headers["tollgate-lease"].to_str().unwrap();
    assert!(answer.body.is_empty());
    assert_eq!(api.post("/v1/release", &json!({"lease": lease})).0, 200);
}

#[test]
fn a_request_that_is_repeated_gets_the_same_lease_and_is_held_once() {
    let api = Api::new();
    let ask = json!({
        "policy": "llm", "key": "k", "cost": {"tokens": 400}, "hold_ms": 60_000, "request_id": "r1",
    });
    let first = api.post("/v1/acquire", &ask).1;
    let again = api.post("/v1/acquire", &ask).1;
    assert_eq!(first["lease"], again["lease"]);
    assert_eq!(again["repeated"], true);
    assert_eq!(api.remaining("llm", "k", "tokens"), 600);
}

#[test]
fn a_request_that_is_repeated_is_charged_once() {
    let api = Api::new();
    let ask = json!({"policy": "slow", "key": "k", "request_id": "r1"});
    assert_eq!(api.post("/v1/acquire", &ask).1["repeated"], json!(null));
    assert_eq!(api.post("/v1/acquire", &ask).1["repeated"], true);
    assert_eq!(api.remaining("slow", "k", "requests"), 1);
}

#[test]
fn a_token_that_is_none_or_names_another_key_settles_nothing() {
    let api = Api::new();
    let lease = hold(&api, 400);
    for wrong in
        ["", "x", "????", &lease[1..], &lease[..8], &format!("{lease}A"), &"A".repeat(9_000)]
    {
        let (status, body) = api.post("/v1/settle", &json!({"lease": wrong}));
        assert_eq!((status, &body["field"]), (400, &json!("lease")), "{wrong}");
    }
    let mut guessed = lease.clone().into_bytes();
    guessed[5] = if guessed[5] == b'A' { b'B' } else { b'A' };
    let guessed = String::from_utf8(guessed).unwrap();
    assert_eq!(api.post("/v1/settle", &json!({"lease": guessed})).0, 410, "an id that is guessed");
    assert_eq!(api.remaining("llm", "k", "tokens"), 600);
}

#[test]
fn a_lease_is_not_given_while_the_store_is_down() {
    let api = Api::new();
    api.fault.set(Fault::Load);
    let closed = json!({"policy": "slots", "key": "k", "hold_ms": 1_000});
    assert_eq!(api.post("/v1/acquire", &closed).0, 503);
    let local = json!({"policy": "local", "key": "k", "hold_ms": 1_000});
    assert_eq!(api.post("/v1/acquire", &local).0, 503);
    let open = json!({"policy": "open", "key": "k", "hold_ms": 1_000});
    let (status, body) = api.post("/v1/acquire", &open);
    assert_eq!((status, &body["lease"]), (200, &json!(null)), "it passes, and holds nothing");
}
