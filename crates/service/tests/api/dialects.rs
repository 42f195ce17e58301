//! Rate-limit fields in the words that a policy asks for.

use http::Request;
use serde_json::json;

use crate::support::{Answer, Api};

/// Two limits: of the first one fewer units remain, of the second one a smaller part.
fn api(dialect: &str) -> Api {
    Api::with(&format!(
        r#"
[policy.p]
headers = "{dialect}"
calls = {{ algorithm = "token-bucket", capacity = 10, refill = 10, per = "10s", default_cost = 1 }}
tokens = {{ algorithm = "token-bucket", capacity = 100, refill = 100, per = "1m" }}
watched = {{ algorithm = "token-bucket", capacity = 1, refill = 0, default_cost = 1, shadow = true }}
[policy.budget]
headers = "{dialect}"
units = {{ algorithm = "token-bucket", capacity = 9, refill = 0 }}
"#
    ))
}

fn tokens(api: &Api, tokens: u32) -> Answer {
    api.acquire(&json!({"policy": "p", "key": "k", "cost": {"tokens": tokens}}))
}

/// All fields of an answer that tell of limits, as lines.
fn told(answer: &Answer) -> Vec<String> {
    let told = answer.headers.iter().filter(|(name, _)| name.as_str().contains("ratelimit"));
    let mut told: Vec<_> =
        told.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    told.sort();
    told
}

#[test]
fn draft_10_is_the_default_and_tells_every_limit() {
    let api = api("draft-10");
    let field = r#"ratelimit: "calls";r=9;t=1, "tokens";r=50;t=30, "watched";r=0"#;
    let policy = r#"ratelimit-policy: "calls";q=10;w=10, "tokens";q=100;w=60, "watched";q=1"#;
    assert_eq!(told(&tokens(&api, 50)), [policy, field]);
    let silent = Api::new().acquire(&json!({"policy": "slow", "key": "k"}));
    assert_eq!(told(&silent).len(), 2, "without a word it is the same dialect");
}

#[test]
fn draft_07_tells_the_limit_that_is_closest_to_denying() {
    let api = api("draft-07");
    let policy = "ratelimit-policy: 10;w=10, 100;w=60";
    assert_eq!(told(&tokens(&api, 5)), [policy, "ratelimit: limit=10, remaining=9, reset=1"]);
    let half = tokens(&api, 45);
    assert_eq!(told(&half), [policy, "ratelimit: limit=100, remaining=50, reset=30"]);
    let denied = tokens(&api, 100);
    assert_eq!(denied.status, 429);
    assert_eq!(told(&denied), [policy, "ratelimit: limit=100, remaining=50, reset=30"]);
    assert_eq!(denied.header("retry-after"), Some("30"));
    let budget = api.acquire(&json!({"policy": "budget", "key": "k"}));
    assert_eq!(told(&budget), ["ratelimit: limit=9, remaining=8"], "it is never given back");
}

#[test]
fn draft_03_has_a_field_for_each_number() {
    let api = api("draft-03");
    let told_at_first = ["ratelimit-limit: 100", "ratelimit-remaining: 50", "ratelimit-reset: 30"];
    assert_eq!(told(&tokens(&api, 50)), told_at_first);
    let budget = api.acquire(&json!({"policy": "budget", "key": "k"}));
    assert_eq!(told(&budget), ["ratelimit-limit: 9", "ratelimit-remaining: 8"]);
}

#[test]
fn x_ratelimit_is_the_same_under_older_names() {
    let told_at_first =
        ["x-ratelimit-limit: 100", "x-ratelimit-remaining: 50", "x-ratelimit-reset: 30"];
    assert_eq!(told(&tokens(&api("x-ratelimit"), 50)), told_at_first);
}

#[test]
fn none_tells_nothing_but_when_to_come_back() {
    let api = api("none");
    assert_eq!(told(&tokens(&api, 80)), [""; 0]);
    let denied = tokens(&api, 80);
    assert_eq!((denied.status.as_u16(), denied.header("retry-after")), (429, Some("36")));
    assert_eq!(told(&denied), [""; 0]);
}

/// What denies speaks, though of another limit a smaller part remains; peeks and answers without a body
/// speak the same dialect.
#[test]
fn what_denies_goes_before_what_is_nearly_used_up() {
    let api = api("draft-03");
    assert_eq!(tokens(&api, 95).status, 200);
    let calls = json!({"policy": "p", "key": "k", "cost": {"calls": 10, "tokens": 0}});
    let denied = api.acquire(&calls);
    assert_eq!(denied.status, 429);
    assert_eq!(denied.header("ratelimit-limit"), Some("10"), "calls deny, tokens are fewer");
    let peek = api.send(Request::get("/v1/limits/p/k"), "");
    assert_eq!(peek.header("ratelimit-limit"), Some("100"));
    let minimal = Request::post("/v1/acquire").header("prefer", "return=minimal");
    let minimal = api.send(minimal, &calls.to_string());
    assert_eq!(minimal.header("ratelimit-limit"), Some("10"));
}
