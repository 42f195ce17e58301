//! The endpoints of policies: what they tell, what they take, and what they refuse.

use http::Request;
use serde_json::{Value, json};

use crate::support::{Api, Fault};

fn bucket(capacity: u64) -> Value {
    let limit = json!({"algorithm": "token-bucket", "capacity": capacity, "refill": 0});
    json!({ "requests": limit })
}

fn put(api: &Api, name: &str, body: &Value) -> (u16, Value) {
    api.ask("PUT", &format!("/v1/policies/{name}"), body)
}

#[test]
fn every_policy_is_listed_with_whose_it_is() {
    let api = Api::with("[policy.a]\n[policy.b]");
    assert_eq!(
        api.get("/v1/policies"),
        json!({"revision": 0, "policies": [
            {"name": "a", "source": "configuration", "revision": 0},
            {"name": "b", "source": "configuration", "revision": 0},
        ]})
    );
    put(&api, "b", &json!({"policy": bucket(2)}));
    put(&api, "c", &json!({"policy": bucket(2)}));
    assert_eq!(
        api.get("/v1/policies"),
        json!({"revision": 2, "policies": [
            {"name": "a", "source": "configuration", "revision": 0},
            {"name": "b", "source": "configuration", "revision": 0, "next_revision": 1},
            {"name": "c", "source": "none", "revision": 0, "next_revision": 2},
        ]})
    );
    api.pass(3_000);
    assert_eq!(
        api.get("/v1/policies")["policies"],
        json!([
            {"name": "a", "source": "configuration", "revision": 0},
            {"name": "b", "source": "live", "revision": 1},
            {"name": "c", "source": "live", "revision": 2},
        ])
    );
}

#[test]
fn a_policy_is_told_as_it_was_written_and_with_what_it_comes_to() {
    let api = Api::with("[policy.p]\na = { algorithm = 'gcra', limit = 2, per = '1m' }");
    let before = json!({"a": {"algorithm": "gcra", "limit": 2, "per": "1m"}});
    let limits = json!({"a": {"limit": 2, "period_ms": 60_000}});
    let configured = json!({"name": "p", "source": "configuration", "revision": 0, "policy": before, "limits": limits});
    assert_eq!(api.get("/v1/policies/p"), configured);

    let effective_at_ms = api.clock_millis() + 3_000;
    let next = json!({
        "source": "live", "revision": 1, "effective_at_ms": effective_at_ms, "migration": "reset",
        "policy": bucket(7), "limits": {"requests": {"limit": 7, "period_ms": null}},
    });
    let (status, told) = put(&api, "p", &json!({"policy": bucket(7), "migration": "reset"}));
    let mut expected = configured.clone();
    expected["next"] = next.clone();
    assert_eq!((status, &told), (200, &expected));
    assert_eq!(api.get("/v1/policies/p"), expected);

    api.pass(3_000);
    let mut in_force = next;
    in_force["name"] = json!("p");
    assert_eq!(api.get("/v1/policies/p"), in_force);
    assert_eq!(api.ask("GET", "/v1/policies/nobody", &json!(null)).0, 404);
}

/// What was put can be deleted, and then the configuration speaks again; what it says can not.
#[test]
fn deleting_brings_back_what_the_configuration_says() {
    let api = Api::new();
    let delete = |path: &str| api.ask("DELETE", path, &json!(null));
    let (status, problem) = delete("/v1/policies/slow");
    assert_eq!((status, &problem["field"]), (409, &json!("policy")));
    assert_eq!(problem["type"], "urn:tollgate:problem:policy-conflict");
    assert_eq!(delete("/v1/policies/nobody").0, 404);

    put(&api, "slow", &json!({"policy": bucket(9)}));
    put(&api, "new", &json!({"policy": bucket(9)}));
    api.pass(3_000);
    assert_eq!(
        (api.remaining("slow", "k", "requests"), api.remaining("new", "k", "requests")),
        (9, 9)
    );
    let (status, told) = delete("/v1/policies/slow?migration=in_proportion&revision=1");
    assert_eq!(
        (status, &told["source"], &told["next"]["source"]),
        (200, &json!("live"), &json!("configuration"))
    );
    assert_eq!(told["next"]["migration"], "in_proportion");
    let (status, told) = delete("/v1/policies/new");
    assert_eq!(
        (status, &told["next"]["source"], &told["next"]["policy"]),
        (200, &json!("none"), &json!(null))
    );
    api.pass(2_999);
    assert_eq!(api.remaining("slow", "k", "requests"), 9);
    api.pass(1);
    assert_eq!(api.remaining("slow", "k", "requests"), 2);
    let gone = api.acquire(&json!({"policy": "new", "key": "k"}));
    assert_eq!((gone.status.as_u16(), &gone.json()["field"]), (404, &json!("policy")));
    assert_eq!(api.ask("GET", "/v1/policies/new", &json!(null)).0, 404);
    assert_eq!(delete("/v1/policies/slow").0, 409, "it is deleted already");
}

/// Who changes what somebody else has changed meanwhile is told.
#[test]
fn a_revision_that_is_not_the_newest_is_refused() {
    let api = Api::new();
    let at =
        |revision: u64| put(&api, "slow", &json!({"policy": bucket(9), "revision": revision})).0;
    assert_eq!([at(1), at(0), at(0), at(1), at(1)], [409, 200, 409, 200, 409]);
    let (status, problem) = put(&api, "slow", &json!({"policy": bucket(9), "revision": 0}));
    assert_eq!((status, &problem["field"]), (409, &json!("revision")));
    assert_eq!(problem["detail"], "the newest revision is 2");
    assert_eq!(api.ask("DELETE", "/v1/policies/slow?revision=1", &json!(null)).0, 409);
    assert_eq!(
        put(&api, "two", &json!({"policy": bucket(9), "revision": 0})).0,
        200,
        "of this policy"
    );
}

#[test]
fn what_is_wrong_is_told_with_its_field_and_changes_nothing() {
    let api = Api::new();
    let rows = [
        (json!({}), "policy"),
        (json!({"policy": 1}), "policy"),
        (json!({"policy": {"x": {"algorithm": "gcra", "per": "1m"}}}), "policy.x.limit"),
        (json!({"policy": {"x": {"algorithm": "bucket"}}}), "policy.x.algorithm"),
        (json!({"policy": {"x y": {"algorithm": "concurrency", "slots": 1}}}), "policy.x y"),
        (json!({"policy": {"contention": "fight"}}), "policy.contention"),
        (json!({"policy": {"whatever": 1}}), "policy.whatever"),
        (json!({"policy": bucket(1), "migration": "now"}), "migration"),
        (json!({"policy": bucket(1), "force": true}), "force"),
    ];
    for (body, field) in rows {
        for (method, path) in [("PUT", "/v1/policies/slow"), ("POST", "/v1/policies/validate")] {
            let (status, problem) = api.ask(method, path, &body);
            assert_eq!((status, &problem["field"]), (400, &json!(field)), "{path} {body}");
        }
    }
    assert_eq!(put(&api, "a%20b", &json!({"policy": bucket(1)})).1["field"], "name");
    assert_eq!(
        put(&api, "slow", &json!({"policy": bucket(1), "revision": -1})).1["field"],
        "revision"
    );
    for query in [
        "migration=now",
        "revision=x",
        "revision=-1",
        "revision=%2B1",
        "revision=9007199254740992",
        "force=1",
    ] {
        let (status, problem) =
            api.ask("DELETE", &format!("/v1/policies/slow?{query}"), &json!(null));
        let field = query.split('=').next().unwrap();
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{query}");
    }
    assert_eq!(api.get("/v1/policies")["revision"], 0);
    assert_eq!(api.stored("p/"), None);
}

#[test]
fn validating_a_policy_writes_nothing() {
    let api = Api::new();
    let body = json!({"name": "new", "policy": bucket(1), "migration": "reset"});
    assert_eq!(api.post("/v1/policies/validate", &body), (200, json!({"valid": true})));
    assert_eq!(api.post("/v1/policies/validate", &json!({"name": "a b", "policy": {}})).0, 400);
    assert_eq!((api.get("/v1/policies")["revision"].as_u64(), api.stored("p/")), (Some(0), None));
}

#[test]
fn a_path_tells_what_it_takes() {
    let api = Api::new();
    let allow = |path: &str| {
        let refused = api.send(Request::patch(path), "");
        (refused.status.as_u16(), refused.header("allow").unwrap().to_owned())
    };
    assert_eq!(allow("/v1/policies"), (405, "GET, HEAD".into()));
    assert_eq!(allow("/v1/policies/slow"), (405, "GET, HEAD, PUT, DELETE".into()));
    assert_eq!(allow("/v1/policies/validate"), (405, "GET, HEAD, POST, PUT, DELETE".into()));
}

/// There is a bound on how many policies, and the error names it; deleting one makes room for another.
#[test]
fn a_tenant_changes_at_most_a_hundred_policies() {
    let api = Api::new();
    for n in 0..100 {
        assert_eq!(put(&api, &format!("p{n}"), &json!({"policy": bucket(1)})).0, 200, "{n}");
    }
    let (status, problem) = put(&api, "p100", &json!({"policy": bucket(1)}));
    assert_eq!(status, 409);
    assert!(problem["detail"].as_str().unwrap().contains("100 live policies"), "{problem}");
    assert_eq!(put(&api, "p7", &json!({"policy": bucket(2)})).0, 200, "one that is there");
    assert_eq!(api.ask("DELETE", "/v1/policies/p7", &json!(null)).0, 200);
    assert_eq!(put(&api, "p100", &json!({"policy": bucket(1)})).0, 200);
}

/// However often it is changed, what is kept of a policy stays small: the oldest versions are forgotten, but
/// none that is in force or still to come.
#[test]
fn versions_are_forgotten_when_they_are_over() {
    let api = Api::new();
    let put_one = |capacity| put(&api, "slow", &json!({"policy": bucket(capacity)})).0;
    let statuses: Vec<_> = (1..=8).map(put_one).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 409], "what is in force is needed");
    for n in 0..50 {
        api.pass(3_000);
        assert_eq!(put_one(100 + n), 200, "{n}");
    }
    let kept = String::from_utf8(api.stored("p/").unwrap().split_off(1)).unwrap();
    let kept: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(kept["policies"][0]["versions"].as_array().unwrap().len(), 8);
    api.pass(3_000);
    assert_eq!(api.remaining("slow", "k", "requests"), 149);
}

/// The record of a tenant has 64 KiB at most. What is over is forgotten to make room, and what is not is in
/// the way.
#[test]
fn all_policies_of_a_tenant_have_a_bounded_size() {
    let api = Api::new();
    let limits = (0..16).map(|n| {
        let name = format!("{n:0>64}");
        (name, json!({"algorithm": "gcra", "limit": 1, "per": "1s", "default_cost": 1}))
    });
    let large = Value::Object(limits.collect());
    let put_large = |n: u64| put(&api, &format!("p{n}"), &json!({"policy": large}));
    let refused = (0..100).map(put_large).find(|(status, _)| *status != 200).unwrap();
    assert_eq!(refused.0, 409);
    assert!(refused.1["detail"].as_str().unwrap().contains("65536 bytes"), "{}", refused.1);
    assert!((60_000..=65_536).contains(&api.stored("p/").unwrap().len()));
    api.pass(3_000);
    assert_eq!(put(&api, "p0", &json!({"policy": bucket(1)})).0, 200, "its past makes room");
}

#[test]
fn a_configuration_may_say_that_nothing_is_changed_live() {
    let api = Api::with("live_policies = false\n[policy.a]");
    let (status, problem) = put(&api, "a", &json!({"policy": bucket(1)}));
    assert_eq!((status, &problem["field"]), (409, &json!("policy")));
    assert!(problem["detail"].as_str().unwrap().contains("live_policies = false"));
    let validate = json!({"name": "a", "policy": bucket(1)});
    assert_eq!(api.post("/v1/policies/validate", &validate), (409, problem), "as a put would");
    assert_eq!(api.get("/v1/policies")["policies"][0]["name"], "a");
    assert_eq!(api.loads.get(), 0, "and nothing is looked for");
}

#[test]
fn a_change_that_the_store_refuses_is_no_change() {
    let api = Api::new();
    for (fault, expected) in
        [(Fault::Load, 503), (Fault::Swap, 503), (Fault::Conflicts, 503), (Fault::Inexact, 500)]
    {
        api.fault.set(fault);
        assert_eq!(put(&api, "slow", &json!({"policy": bucket(9)})).0, expected);
    }
    api.fault.set(Fault::None);
    assert_eq!(api.get("/v1/policies")["revision"], 0);
}
