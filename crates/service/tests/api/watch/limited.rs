//! Keys that became limited are noted once, by the process that denies them.

use http::StatusCode;
use serde_json::json;

use super::names;
use crate::support::Api;

const WATCHED: &str = r#"
[policy.watched]
watch = true
requests = { algorithm = "gcra", limit = 1, per = "1s" }
[policy.silent]
requests = { algorithm = "gcra", limit = 1, per = "1s" }
[pool.both]
members = [{ policy = "watched", key = "a" }, { policy = "watched", key = "b" }]
"#;

/// Asks until it is denied.
fn exhaust(api: &Api, policy: &str, key: &str) {
    let ask = || api.acquire(&json!({"policy": policy, "key": key})).status;
    while ask() == StatusCode::OK {}
}

#[test]
fn a_key_that_became_limited_is_told_once_until_it_was_left_alone() {
    let api = Api::with(WATCHED);
    let mut watcher = api.watch("/v1/watch");
    exhaust(&api, "silent", "k");
    exhaust(&api, "watched", "k");
    exhaust(&api, "watched", "k");
    let told = watcher.told();
    let expected = json!({
        "policy": "watched", "key": "k", "retry_after_ms": 1_000, "at_ms": api.clock_millis(),
    });
    assert_eq!((told.len(), &*told[0].name, &told[0].data), (1, "limited", &expected));
    for _ in 0..9 {
        api.pass(1_000);
        exhaust(&api, "watched", "k");
    }
    assert!(watcher.next().unwrap().starts_with(':'), "it is denied all the time");
    api.pass(10_000);
    exhaust(&api, "watched", "k");
    assert_eq!(names(&mut watcher), ["limited"]);
}

/// However many keys are denied at the same time, the log is written once a second.
#[test]
fn keys_that_are_limited_together_are_written_together() {
    let api = Api::with(WATCHED);
    for n in 0..20 {
        exhaust(&api, "watched", &n.to_string());
    }
    let look = || api.watch("/v1/watch?after=0&watch_ms=0").told().len();
    assert_eq!(look(), 1, "the first one; the others wait");
    api.pass(1_000);
    assert_eq!(api.acquire(&json!({"policy": "watched", "key": "x"})).status, StatusCode::OK);
    assert_eq!(look(), 20, "whatever is decided next");
    exhaust(&api, "watched", "last");
    assert_eq!(look(), 20);
    api.pass(1_000);
    assert_eq!(look(), 21, "who watches here writes, too");
}

#[test]
fn whatever_denies_a_key_says_so() {
    let api = Api::with(WATCHED);
    let mut watcher = api.watch("/v1/watch");
    let one = |key: &str| json!({"policy": "watched", "key": key});
    let silent = json!({"policy": "silent", "key": "k"});
    let headers = json!({"Retry-After": "20"});
    let rows = [
        ("/v1/acquire/batch", json!({"requests": [one("batched"), one("batched")]}), 1, "batched"),
        ("/v1/acquire", json!({"keys": [one("of several"), silent]}), 2, "of several"),
        ("/v1/pools/acquire", json!({"pool": "both"}), 3, "a"),
        // Whatever the policy says: it is the upstream that says so.
        (
            "/v1/feedback",
            json!({"policy": "silent", "key": "fed", "status": 429, "headers": headers}),
            1,
            "fed",
        ),
    ];
    for (path, body, times, key) in rows {
        api.pass(1_000);
        (0..times).for_each(|_| drop(api.post(path, &body)));
        let told = watcher.told();
        assert!(told.iter().all(|it| it.name == "limited"), "{path}: {told:?}");
        assert!(told.iter().any(|it| it.data["key"] == key), "{path}: {told:?}");
    }
}
