//! Sweeping on request: what is removed, whose, and how much of it in one step.

use http::Request;
use serde_json::{Value, json};
use tollgate_service::{SWEEP_KEYS_MAX, SWEEP_REMOVALS_MAX};

use crate::keys;
use crate::support::{Api, Fault};

/// As long as every record of `slow` needs to be idle for a minute.
const IDLE_MS: u64 = 120_000;

fn charge(api: &Api, policy: &str, key: &str) {
    let answer = api.acquire(&json!({"policy": policy, "key": key, "cost": 1}));
    assert_eq!(answer.status, 200, "{policy} {key}");
}

fn sweep(api: &Api, cursor: &Value) -> Value {
    let (status, step) = api.post("/v1/sweep", &json!({ "cursor": cursor }));
    assert_eq!(status, 200, "{step}");
    step
}

/// Steps from the beginning to the end, and what they came to.
fn sweep_through(api: &Api) -> Vec<Value> {
    let mut steps = vec![sweep(api, &Value::Null)];
    while let Some(cursor) = steps.last().map(|step| step["cursor"].clone())
        && !cursor.is_null()
    {
        steps.push(sweep(api, &cursor));
    }
    steps
}

fn sum(steps: &[Value], member: &str) -> u64 {
    steps.iter().map(|step| step[member].as_u64().unwrap()).sum()
}

#[test]
fn idle_records_go_and_what_matters_or_is_not_known_stays() {
    let api = Api::new();
    for (policy, key) in [("slow", "idle"), ("huge", "used")] {
        charge(&api, policy, key);
    }
    let event = json!({"upstream": "u", "code": "429", "duration_ms": 1_000});
    assert_eq!(api.post("/v1/events", &event).0, 200);
    api.post("/v1/barriers", &json!({"barrier": "b", "parties": 2}));
    for (key, bytes) in [("r/gone/k", &[1][..]), ("r/slow/corrupt", b"nonsense"), ("else", b"")] {
        api.store(key, bytes);
    }
    api.pass(59_000);
    assert_eq!(sweep(&api, &Value::Null)["removed"], 0, "a clock may be a minute behind");
    api.pass(IDLE_MS);
    assert_eq!(
        sweep(&api, &Value::Null),
        json!({
            "looked_at": 5, "removed": 2, "contended": 0, "unknown_policy": 1, "corrupt": 1,
            "cursor": null,
        })
    );
    assert_eq!((api.stored("r/slow/idle"), api.stored("c//u")), (None, None));
    for key in ["r/huge/used", "b//b", "r/gone/k", "r/slow/corrupt", "else"] {
        assert!(api.stored(key).is_some(), "{key}");
    }
}

#[test]
fn a_step_is_bounded_by_what_it_removes_and_the_next_goes_on_there() {
    let api = Api::new();
    let removals_max = u64::try_from(SWEEP_REMOVALS_MAX).unwrap();
    for key in 0..2 * removals_max + 1 {
        charge(&api, "slow", &key.to_string());
    }
    api.pass(IDLE_MS);
    let steps = sweep_through(&api);
    let removed: Vec<_> = steps.iter().map(|step| step["removed"].as_u64().unwrap()).collect();
    assert_eq!(removed, [removals_max, removals_max, 1]);
}

#[test]
fn a_step_is_bounded_by_what_it_looks_at_and_each_key_is_looked_at_once() {
    let api = Api::new();
    for key in 0..=SWEEP_KEYS_MAX {
        charge(&api, "huge", &key.to_string());
    }
    charge(&api, "slow", "behind all of them");
    api.pass(IDLE_MS);
    let steps = sweep_through(&api);
    let looked_at: Vec<_> = steps.iter().map(|step| step["looked_at"].as_u64().unwrap()).collect();
    assert_eq!(looked_at, [u64::try_from(SWEEP_KEYS_MAX).unwrap(), 2]);
    assert_eq!(sum(&steps, "removed"), 1);
}

/// A store that fails in the middle of a step is told, and the step can be asked for again.
#[test]
fn a_store_that_fails_is_told() {
    let api = Api::new();
    charge(&api, "slow", "b");
    api.pass(IDLE_MS);
    let failing = |fault| {
        api.fault.set(fault);
        let (status, problem) = api.post("/v1/sweep", &json!({"cursor": "r/huge/a"}));
        (status, problem["type"].as_str().unwrap().to_owned())
    };
    assert_eq!(failing(Fault::Swap).0, 503);
    let misconfigured = "urn:tollgate:problem:misconfigured".to_owned();
    assert_eq!(failing(Fault::Inexact), (500, misconfigured));
    assert_eq!(failing(Fault::Load).0, 503);
    api.fault.set(Fault::None);
    assert_eq!(sweep(&api, &json!("r/huge/a"))["removed"], 1);
}

/// What a tenant changed is what its records are judged by: what never comes back stays, and what has nothing
/// to say under the new numbers goes, without a difference to anybody.
#[test]
fn records_are_judged_by_the_policies_in_force() {
    let api = Api::new();
    charge(&api, "slow", "old");
    let spent_once = json!({"algorithm": "token-bucket", "capacity": 2, "refill": 0});
    let put = json!({"policy": {"requests": spent_once}, "migration": "as_is"});
    assert_eq!(api.ask("PUT", "/v1/policies/slow", &put).0, 200);
    api.pass(3_000);
    charge(&api, "slow", "new");
    api.pass(IDLE_MS);
    let left = |key| api.remaining("slow", key, "requests");
    assert_eq!([left("old"), left("new")], [2, 1]);
    let step = sweep(&api, &Value::Null);
    assert_eq!((&step["looked_at"], &step["removed"]), (&json!(2), &json!(1)));
    assert_eq!([left("old"), left("new")], [2, 1]);
    assert!(api.stored("r/slow/new").is_some());
}

/// Nobody sweeps, sees or counts what another tenant keeps.
#[test]
fn a_tenant_sweeps_its_own_records() {
    let api = keys::api();
    let ask = json!({"policy": "slow", "key": "k"});
    for key in ["acme-all", "other-all"] {
        assert_eq!(keys::send(&api, key, "POST", "/v1/acquire", &ask).status, 200);
    }
    api.pass(IDLE_MS);
    for (key, status) in [("acme-ask", 403), ("acme-look", 403), ("nobody", 401)] {
        assert_eq!(keys::send(&api, key, "POST", "/v1/sweep", &json!({})).status, status, "{key}");
    }
    let step = keys::send(&api, "acme-all", "POST", "/v1/sweep", &json!({})).json();
    assert_eq!((&step["looked_at"], &step["removed"]), (&json!(1), &json!(1)));
    assert!(api.stored("r/other:slow/k").is_some());
}

#[test]
fn what_is_no_step_is_refused() {
    let api = Api::new();
    let get = api.send(Request::get("/v1/sweep"), "");
    assert_eq!((get.status.as_u16(), get.header("allow")), (405, Some("POST")));
    for (body, field) in [
        (json!({"cursor": 7}), "cursor"),
        (json!({"cursor": "k".repeat(257)}), "cursor"),
        (json!({"keys_max": 7}), "keys_max"),
        (json!([]), "body"),
    ] {
        let (status, problem) = api.post("/v1/sweep", &body);
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{body}");
    }
    assert_eq!(sweep(&api, &json!("zzz"))["looked_at"], 0, "behind every key there is none");
}
