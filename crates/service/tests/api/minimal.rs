//! Answers without a body: `Prefer: return=minimal`.

use http::Request;
use serde_json::{Value, json};

use crate::support::{Answer, Api};

fn ask(api: &Api, path: &str, body: &Value) -> Answer {
    api.send(Request::post(path).header("prefer", "return=minimal"), &body.to_string())
}

#[test]
fn the_preference_is_read_as_rfc_7240_writes_it() {
    let is_minimal = |preference: &str| {
        let api = Api::new();
        let request = Request::post("/v1/acquire").header("prefer", preference);
        let answer = api.send(request, r#"{"policy":"slow","key":"k"}"#);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body.is_empty(), answer.header("preference-applied").is_some());
        answer.body.is_empty()
    };
    for minimal in [
        "return=minimal",
        "Return = minimal",
        "wait=5, return=\"minimal\"",
        "a; b, return=minimal;x",
    ] {
        assert!(is_minimal(minimal), "{minimal}");
    }
    let first = "return=representation, return=minimal";
    let parameter = "a=1; return=minimal";
    for full in
        ["", "return=representation", "minimal", "return", "no-return=minimal", first, parameter]
    {
        assert!(!is_minimal(full), "{full}");
    }
}

#[test]
fn a_minimal_answer_carries_every_number_of_a_full_one() {
    let (full, minimal) = (Api::new(), Api::new());
    let body = json!({"policy": "two", "key": "k", "cost": {"fast": 1, "slow": 1}}).to_string();
    for _ in 0..2 {
        let full = full.send(Request::post("/v1/acquire"), &body);
        let prefer = Request::post("/v1/acquire").header("prefer", "return=minimal");
        let minimal = minimal.send(prefer, &body);
        assert_eq!(full.status, minimal.status);
        let limits = &full.json()["limits"];
        let item = |name: &str| {
            let limit = &limits[name];
            let parameters = ["limit", "remaining", "retry_after_ms", "reset_after_ms"];
            let parameters =
                parameters.map(|parameter| format!(";{parameter}={}", limit[parameter]));
            format!("\"{name}\"{}", parameters.concat())
        };
        let expected = format!("{}, {}", item("fast"), item("slow"));
        assert_eq!(minimal.header("tollgate-limits"), Some(&*expected));
    }
}

/// Why something is refused, and that a request is known, is told by fields.
#[test]
fn a_minimal_answer_says_why_and_whether_it_was_asked_before() {
    let (full, minimal) = (Api::new(), Api::new());
    let key = |cost: Value| json!({"policy": "two", "key": "k", "cost": cost, "request_id": "r"});
    let (one, both) = (json!({"fast": 0, "slow": 1}), json!({"fast": 1, "slow": 1}));
    let block = json!({"policy": "two", "key": "k", "block_ms": 1_000});
    let never = json!({"policy": "two", "key": "k", "cost": {"fast": 2, "slow": 0}});
    let other = json!({"policy": "two", "key": "k", "cost": both});
    let several = json!({"keys": [other, {"policy": "slow", "key": "k"}]});
    let asked = [
        (key(one.clone()), 200, None),
        (key(one), 200, None),
        (other, 429, Some("\"slow\"")),
        (never, 422, Some("\"fast\"")),
        (several, 429, None),
    ];
    for round in 0..2 {
        for (body, status, violated) in &asked[2 * round..] {
            let (full, answer) = (full.acquire(body), ask(&minimal, "/v1/acquire", body));
            assert_eq!((full.status, answer.status.as_u16()), (answer.status, *status), "{body}");
            let told = full.json();
            let repeated = told["repeated"].as_bool().map(|_| "?1");
            assert_eq!(answer.header("tollgate-repeated"), repeated, "{body}");
            assert_eq!(answer.header("tollgate-problem"), told["type"].as_str(), "{body}");
            if round == 0 {
                assert_eq!(answer.header("tollgate-violated"), *violated, "{body}");
            }
        }
        // Now it is the key that is closed.
        for api in [&full, &minimal] {
            assert_eq!(api.post("/v1/block", &block).0, 200);
        }
    }
}
