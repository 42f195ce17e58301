//! Many acquires in one request.

use http::Request;
use serde_json::{Value, json};

use crate::support::{Api, Fault};

fn statuses(body: &Value) -> Vec<u64> {
    let results = body["results"].as_array().unwrap();
    results.iter().map(|result| result["status"].as_u64().unwrap()).collect()
}

#[test]
fn each_is_decided_as_if_alone_and_in_its_order() {
    let api = Api::new();
    let (status, body) = api.post(
        "/v1/acquire/batch",
        &json!({"requests": [
            {"policy": "slow", "key": "a"},
            {"policy": "llm", "key": "a", "cost": {"tokens": 1_001}},
            {"policy": "slow", "key": "b", "cost": 2},
            {"policy": "slow", "key": "a"},
            {"policy": "slow", "key": "a"},
            {"policy": "slow", "key": "b", "cost": 0},
        ]}),
    );
    assert_eq!(status, 200, "{body}");
    assert_eq!(statuses(&body), [200, 422, 200, 200, 429, 200]);
    assert_eq!(body["results"][0]["limits"]["requests"]["remaining"], 1);
    assert_eq!(body["results"][3]["limits"]["requests"]["remaining"], 0, "it saw the one before");
    assert_eq!(body["results"][4]["retry_after_ms"], 3_334);
    assert_eq!(body["results"][4]["violated-policies"], json!(["requests"]));
    assert_eq!(api.remaining("slow", "b", "requests"), 0);
}

#[test]
fn a_repeated_request_id_is_charged_once_within_a_batch_and_after_it() {
    let api = Api::new();
    let one = json!({"policy": "slow", "key": "a", "request_id": "r"});
    let batch = json!({"requests": [one, one]});
    for known in [[json!(null), json!(true)], [json!(true), json!(true)]] {
        let body = api.post("/v1/acquire/batch", &batch).1;
        assert_eq!(statuses(&body), [200, 200]);
        assert_eq!([0, 1].map(|at| body["results"][at]["repeated"].clone()), known);
    }
    assert_eq!(api.remaining("slow", "a", "requests"), 1);
}

#[test]
fn one_bad_acquire_refuses_the_batch_and_nothing_is_charged() {
    let api = Api::new();
    let good = json!({"policy": "slow", "key": "a"});
    let many = vec![good.clone(); 257];
    for (requests, field) in [
        (json!(null), "requests"),
        (json!([]), "requests"),
        (json!(many), "requests"),
        (json!([good, {"policy": "slow"}]), "requests[1].key"),
        (json!([good, {"policy": "none", "key": "a"}]), "requests[1].policy"),
        (json!([good, {"policy": "slow", "key": "a", "hold_ms": 5}]), "requests[1].hold_ms"),
        (json!([good, {"policy": "slow", "key": "a", "cost": -1}]), "requests[1].cost"),
        (json!([good, {"policy": "slots", "key": "a"}]), "requests[1].policy"),
        (json!([good, {"policy": "slow", "key": "a", "wait_ms": 5}]), "requests[1].wait_ms"),
    ] {
        let (_, body) = api.post("/v1/acquire/batch", &json!({ "requests": requests }));
        assert_eq!(body["field"], field, "{body}");
    }
    assert_eq!(api.remaining("slow", "a", "requests"), 2);
}

#[test]
fn the_longest_field_is_told_whole() {
    let (api, name) = (Api::new(), "n".repeat(64));
    let mut requests = vec![json!({"policy": "slow", "key": "a"}); 256];
    requests[255]["cost"] = json!({ &*name: -1 });
    let (_, body) = api.post("/v1/acquire/batch", &json!({ "requests": requests }));
    assert_eq!(body["field"], format!("requests[255].cost.{name}"));
    let endless = json!({"policy": "slow", "key": "a", "x".repeat(500): 1});
    let field = api.post("/v1/acquire", &endless).1["field"].as_str().unwrap().len();
    assert_eq!(field, 83, "and no longer");
}

#[test]
fn a_store_that_fails_is_told_acquire_by_acquire() {
    let api = Api::new();
    api.fault.set(Fault::Load);
    let batch = json!({"requests": [{"policy": "slow", "key": "a"}]});
    let (status, body) = api.post("/v1/acquire/batch", &batch);
    assert_eq!((status, statuses(&body)), (200, vec![503]));
}

/// Each is answered as it would be alone, also by a policy that lets pass while its store fails.
#[test]
fn a_policy_says_what_passes_without_the_store() {
    let api = Api::new();
    api.fault.set(Fault::Load);
    let one =
        |policy: &str, id: Option<&str>| json!({"policy": policy, "key": "k", "request_id": id});
    let requests = [
        one("open", None),
        one("slow", None),
        one("local", None),
        one("local", None),
        one("local", None),
        one("local", Some("r")),
    ];
    let (_, body) = api.post("/v1/acquire/batch", &json!({"requests": requests}));
    assert_eq!(statuses(&body), [200, 503, 200, 200, 429, 503]);
    let told = |at: usize| {
        (body["results"][at]["uncounted"].clone(), body["results"][at]["local"].clone())
    };
    assert_eq!((told(0), told(1)), ((json!(true), json!(null)), (json!(null), json!(null))));
    assert_eq!((told(2), told(4)), ((json!(null), json!(true)), (json!(null), json!(true))));
    assert_eq!(body["results"][0]["limits"], json!({}));
    let metrics = api.send(Request::get("/metrics"), "").body;
    let metrics = String::from_utf8(metrics.to_vec()).unwrap();
    assert!(metrics.contains("policy=\"open\",outcome=\"uncounted\"} 1\n"), "{metrics}");
    assert!(metrics.contains("policy=\"local\",outcome=\"local\"} 3\n"), "{metrics}");
}
