//! API keys: what each may ask, and whose records it reaches.

use http::{Request, StatusCode};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::support::{Answer, Api};

/// Keys `acme-all`, `acme-ask`, `acme-look` and `other-all`, named as they are spelt.
pub(crate) fn api() -> Api {
    let key = |name: &str, tenant: &str, scopes: &str| {
        let sha256: String =
            Sha256::digest(name).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("[key.{name}]\nsha256 = '{sha256}'\ntenant = '{tenant}'\nscopes = [{scopes}]\n")
    };
    let keys = [
        key("acme-all", "acme", "'acquire', 'observe', 'admin'"),
        key("acme-ask", "acme", "'acquire'"),
        key("acme-look", "acme", "'observe'"),
        key("other-all", "other", "'acquire', 'observe', 'admin'"),
    ];
    Api::with_keys(&keys.concat())
}

pub(crate) fn send(
    api: &Api,
    key: &str,
    method: &str,
    path: &str,
    body: &serde_json::Value,
) -> Answer {
    let request = Request::builder().method(method).uri(path);
    let body = if matches!(method, "POST" | "PUT") { body.to_string() } else { String::new() };
    api.send(request.header("authorization", format!("Bearer {key}")), &body)
}

fn acquire(api: &Api, key: &str) -> Answer {
    send(api, key, "POST", "/v1/acquire", &json!({"policy": "slow", "key": "k"}))
}

#[test]
fn nobody_is_answered_without_a_key_that_is_known() {
    let api = api();
    let ask = json!({"policy": "slow", "key": "k"}).to_string();
    let long = format!("Bearer {}", "k".repeat(257));
    let shown = [
        "",
        "Bearer",
        "Bearer ",
        "acme-all",
        "Basic acme-all",
        "Bearer acme",
        "Bearer acme-all ",
        &long,
    ];
    for value in shown {
        let answer = api.send(Request::post("/v1/acquire").header("authorization", value), &ask);
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{value:?}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        assert!(!answer.json().to_string().contains("acme"), "what was shown is not told");
    }
    let twice = Request::post("/v1/acquire");
    let twice =
        twice.header("authorization", "Bearer acme-all").header("authorization", "Bearer x");
    assert_eq!(api.send(twice, &ask).status, StatusCode::UNAUTHORIZED);
    assert_eq!(api.send(Request::post("/v1/acquire"), &ask).status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        acquire(&api, "acme-all").json()["limits"]["requests"]["remaining"],
        1,
        "nothing was charged"
    );
    let lower = Request::post("/v1/acquire").header("authorization", "bearer acme-all");
    assert_eq!(api.send(lower, &ask).status, StatusCode::OK, "the scheme has no case");
    assert_eq!(api.send(Request::get("/healthz"), "").status, StatusCode::OK, "anybody may");
}

#[test]
fn a_key_is_for_its_scopes_alone() {
    let api = api();
    let rows = [
        ("POST", "/v1/acquire", "acme-ask", "acme-look"),
        ("POST", "/v1/acquire/batch", "acme-ask", "acme-look"),
        ("POST", "/v1/settle", "acme-ask", "acme-look"),
        ("POST", "/v1/pools/acquire", "acme-ask", "acme-look"),
        ("POST", "/v1/events", "acme-ask", "acme-look"),
        ("POST", "/v1/barriers/arrive", "acme-ask", "acme-look"),
        ("GET", "/v1/limits/slow/k", "acme-look", "acme-ask"),
        ("GET", "/v1/capacity/slow/k", "acme-look", "acme-ask"),
        ("GET", "/v1/events/u", "acme-look", "acme-ask"),
        ("GET", "/v1/watch?x=1", "acme-look", "acme-ask"),
        ("GET", "/metrics", "acme-look", "acme-ask"),
        ("POST", "/v1/penalise", "acme-all", "acme-ask"),
        ("POST", "/v1/block", "acme-all", "acme-ask"),
        ("POST", "/v1/reset", "acme-all", "acme-look"),
        ("POST", "/v1/lower", "acme-all", "acme-ask"),
        ("POST", "/v1/capacity/set", "acme-all", "acme-ask"),
    ];
    for (method, path, may, may_not) in rows {
        let refused = send(&api, may_not, method, path, &json!({}));
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(refused.json()["type"], "urn:tollgate:problem:forbidden");
        let status = send(&api, may, method, path, &json!({})).status;
        assert!(status == StatusCode::OK || status == StatusCode::BAD_REQUEST, "{path} {status}");
    }
}

#[test]
fn no_tenant_touches_or_sees_what_another_one_has() {
    let api = api();
    assert_eq!(acquire(&api, "acme-all").status, StatusCode::OK);
    assert_eq!(
        acquire(&api, "acme-ask").json()["limits"]["requests"]["remaining"],
        0,
        "one tenant"
    );
    assert_eq!(acquire(&api, "other-all").json()["limits"]["requests"]["remaining"], 1, "another");

    let hold = json!({"policy": "slots", "key": "k", "hold_ms": 60_000});
    let lease = send(&api, "acme-all", "POST", "/v1/acquire", &hold).json()["lease"].clone();
    for path in ["/v1/settle", "/v1/release"] {
        let stolen = send(&api, "other-all", "POST", path, &json!({"lease": lease}));
        assert_eq!(stolen.status, StatusCode::GONE, "there is no such lease for another tenant");
    }
    assert_eq!(
        send(&api, "acme-all", "POST", "/v1/release", &json!({"lease": lease})).status,
        StatusCode::OK
    );

    let event = json!({"upstream": "u", "code": "429", "duration_ms": 60_000});
    send(&api, "acme-all", "POST", "/v1/events", &event);
    let events = |key| send(&api, key, "GET", "/v1/events/u", &json!({})).json();
    assert_eq!(
        (&events("acme-all")["limited"], &events("other-all")["limited"]),
        (&json!(true), &json!(false))
    );

    let watched = |key: &str| {
        let request = Request::get("/v1/watch?after=0&watch_ms=0");
        api.watch_by(request.header("authorization", format!("Bearer {key}"))).told().len()
    };
    assert_eq!((watched("acme-look"), watched("other-all")), (1, 0), "the event");

    let barrier = json!({"barrier": "b", "parties": 2});
    send(&api, "acme-all", "POST", "/v1/barriers", &barrier);
    let status = send(&api, "other-all", "GET", "/v1/barriers/b", &json!({})).status;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
