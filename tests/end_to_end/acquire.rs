//! What an acquire answers, and that both runtimes answer the same.

use std::thread::sleep;
use std::time::Duration;

use serde_json::json;

use crate::program::{Program, RUNTIMES};

#[test]
fn a_budget_is_spent_unit_by_unit_and_then_over() {
    for runtime in RUNTIMES {
        let program = Program::in_memory(runtime);
        let answer = program.acquire(r#"{"policy":"budget","key":"a","cost":98}"#);
        let expected = json!({"allowed": true, "limits": {"units":
            {"limit": 100, "remaining": 2, "retry_after_ms": 0, "reset_after_ms": null}}});
        assert_eq!((answer.status, answer.json()), (200, expected), "{runtime:?}");

        let answer = program.acquire(r#"{"policy":"budget","key":"a","cost":3}"#);
        assert_eq!(answer.status, 429);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.header("retry-after"), "", "waiting does not help");
        assert_eq!(answer.json()["limits"]["units"]["remaining"], 2, "nothing was charged");
        assert_eq!(answer.json()["limits"]["units"]["retry_after_ms"], json!(null));

        assert_eq!(program.acquire(r#"{"policy":"budget","key":"a","cost":2}"#).status, 200);
        assert_eq!(program.acquire(r#"{"policy":"budget","key":"a"}"#).status, 429);
        assert_eq!(program.acquire(r#"{"policy":"budget","key":"b"}"#).status, 200, "another key");
    }
}

/// Some keys have numbers of their own, which the limiter behind the border knows too.
#[test]
fn a_key_has_the_numbers_of_its_override() {
    for runtime in RUNTIMES {
        let program = Program::in_memory(runtime);
        let ask = |key: &str| {
            let body = json!({"policy": "budget", "key": key, "cost": 900});
            program.acquire(&body.to_string())
        };
        assert_eq!((ask("silver:1").status, ask("gold:1").status), (422, 200), "{runtime:?}");
        let answer = ask("gold:1");
        assert_eq!((answer.status, answer.header("ratelimit-policy")), (429, r#""units";q=1000"#));
        assert_eq!(answer.json()["limits"]["units"]["remaining"], 100, "{runtime:?}");
    }
}

/// A policy text may say more numbers than a limiter holds at a time: those are opened that are asked for.
#[test]
fn there_may_be_many_overrides() {
    let limit = json!({"algorithm": "token-bucket", "capacity": 1, "refill": 0});
    let overrides: Vec<_> = (2..34)
        .map(|units| json!({"keys": [format!("k{units}")], "units": {"capacity": units}}))
        .collect();
    let policy = json!({"on_store_failure": "local", "units": limit, "overrides": overrides});
    let policies: serde_json::Map<_, _> =
        (0..60).map(|n| (format!("p{n}"), policy.clone())).collect();
    let text = json!({"policy": policies}).to_string();
    let folder = tempfile::tempdir().unwrap();
    for runtime in RUNTIMES {
        let args = ["--store", "memory"];
        let program = Program::start_with_policies(runtime, folder.path(), &text, &args);
        for (policy, key, cost) in [("p0", "k2", 2), ("p59", "k33", 33), ("p30", "other", 1)] {
            assert!(program.admits(policy, key, cost), "{runtime:?} {policy} {key}");
            assert!(!program.admits(policy, key, 1), "{runtime:?} {policy} {key}");
        }
    }
}

#[test]
fn who_is_limited_is_told_when_to_come_back_and_then_passes() {
    for runtime in RUNTIMES {
        let program = Program::in_memory(runtime);
        let body = r#"{"policy":"api","key":"alice"}"#;
        for remaining in (0..20).rev() {
            let answer = program.acquire(body);
            assert_eq!(answer.status, 200, "{}", answer.text);
            // A unit comes back every 600 ms, and a slow machine may need as long.
            assert!(answer.json()["limits"]["requests"]["remaining"].as_u64() >= Some(remaining));
        }
        let mut answer = program.acquire(body);
        while answer.status == 200 {
            answer = program.acquire(body);
        }
        assert_eq!(answer.status, 429);
        let problem = answer.json();
        assert_eq!(
            problem["type"],
            "https://iana.org/assignments/http-problem-types#quota-exceeded"
        );
        assert_eq!((&problem["status"], &problem["allowed"]), (&json!(429), &json!(false)));
        assert_eq!(problem["violated-policies"], json!(["requests"]));
        assert_eq!(answer.header("ratelimit-policy"), r#""requests";q=20;w=12"#);
        assert_eq!(answer.header("ratelimit"), r#""requests";r=0;t=1"#);
        assert_eq!(answer.header("retry-after"), "1");

        let wait = problem["limits"]["requests"]["retry_after_ms"].as_u64().unwrap();
        assert!((1..=600).contains(&wait), "{wait}");
        sleep(Duration::from_millis(wait));
        assert_eq!(program.acquire(body).status, 200, "{runtime:?}: who waits that long passes");
    }
}

#[test]
fn a_cost_above_the_capacity_is_told_that_it_never_passes() {
    for runtime in RUNTIMES {
        let program = Program::in_memory(runtime);
        let answer = program.acquire(r#"{"policy":"api","key":"a","cost":21}"#);
        let problem = answer.json();
        assert_eq!(answer.status, 422);
        assert_eq!(problem["type"], "urn:tollgate:problem:cost-above-capacity");
        assert_eq!(problem["violated-policies"], json!(["requests"]));
        assert_eq!(problem["limits"]["requests"]["retry_after_ms"], json!(null));
        assert_eq!(problem["limits"]["requests"]["remaining"], 20, "nothing was charged");
        assert_eq!(answer.header("retry-after"), "");
    }
}

#[test]
fn several_limits_are_charged_together_or_not_at_all() {
    for runtime in RUNTIMES {
        let program = Program::in_memory(runtime);
        let ask = |tokens: u64| {
            let cost = json!({"requests": 1, "input_tokens": tokens});
            program.acquire(&json!({"policy": "llm", "key": "t", "cost": cost}).to_string())
        };
        assert_eq!(ask(99_000).json()["limits"]["requests"]["remaining"], 59);
        let denied = ask(90_000);
        assert_eq!(denied.status, 429);
        assert_eq!(denied.json()["violated-policies"], json!(["input_tokens"]));
        let requests = &denied.json()["limits"]["requests"];
        assert!(requests["remaining"].as_u64() >= Some(59), "requests were not charged");
        assert_eq!(requests["retry_after_ms"], 0, "and are not what stands in the way");
        // `requests` cost 1 unless it is said otherwise.
        let body = r#"{"policy":"llm","key":"u","cost":{"input_tokens":812}}"#;
        assert_eq!(program.acquire(body).json()["limits"]["requests"]["remaining"], 59);
    }
}

#[test]
fn a_peek_charges_nothing_and_sees_what_an_acquire_charged() {
    for runtime in RUNTIMES {
        let program = Program::in_memory(runtime);
        let fresh = json!({"policy": "budget", "key": "p", "limits": {"units":
            {"limit": 100, "remaining": 100, "retry_after_ms": 0, "reset_after_ms": 0}}});
        assert_eq!(program.get("/v1/limits/budget/p").json(), fresh);
        assert_eq!(program.get("/v1/limits/budget/p").json(), fresh);
        assert!(program.admits("budget", "p", 30));
        assert!(program.admits("budget", "p", 0), "a cost of 0 is a peek");
        let peeked = program.get("/v1/limits/budget/p");
        assert_eq!(peeked.json()["limits"]["units"]["remaining"], 70);
        assert_eq!(peeked.header("cache-control"), "no-store");
    }
}

#[test]
fn a_minimal_answer_has_no_body_and_says_everything() {
    for runtime in RUNTIMES {
        let program = Program::in_memory(runtime);
        let minimal = [("prefer", "return=minimal")];
        let body = r#"{"policy":"budget","key":"m","cost":99}"#;
        let answer = program.send("POST", "/v1/acquire", &minimal, body);
        assert_eq!((answer.status, &*answer.text), (200, ""));
        assert_eq!(answer.header("content-length"), "0");
        assert_eq!(answer.header("preference-applied"), "return=minimal");
        let limits = r#""units";limit=100;remaining=1;retry_after_ms=0"#;
        assert_eq!(answer.header("tollgate-limits"), limits);
        let answer = program.send("POST", "/v1/acquire", &minimal, body);
        assert_eq!((answer.status, &*answer.text), (429, ""));
        assert_eq!(answer.header("tollgate-limits"), r#""units";limit=100;remaining=1"#);
        assert_eq!(answer.header("ratelimit"), r#""units";r=1"#);
    }
}

#[test]
fn keys_are_opaque_in_the_body_and_in_the_path() {
    let keys = [
        ("a/b", "a%2Fb"),
        ("100%", "100%25"),
        ("%61", "%2561"),
        ("🔑 x", "%F0%9F%94%91%20x"),
        ("line\nbreak", "line%0Abreak"),
        ("nul\0", "nul%00"),
        ("..", "%2E%2E"),
        ("?q#f", "%3Fq%23f"),
    ];
    for runtime in RUNTIMES {
        let program = Program::in_memory(runtime);
        for (index, (key, segment)) in keys.iter().enumerate() {
            let cost = index as u64 + 1;
            assert!(program.admits("budget", key, cost), "{runtime:?} {key:?}");
            let peeked = program.get(&format!("/v1/limits/budget/{segment}")).json();
            assert_eq!(peeked["key"], *key);
            assert_eq!(peeked["limits"]["units"]["remaining"], 100 - cost, "{key:?}");
        }
        let (longest, other) = ("k".repeat(512), format!("{}l", "k".repeat(511)));
        assert!(program.admits("budget", &longest, 40));
        assert!(program.admits("budget", &other, 50), "keys that differ at their end differ");
        let peeked = program.get(&format!("/v1/limits/budget/{longest}")).json();
        assert_eq!(peeked["limits"]["units"]["remaining"], 60);
    }
}

#[test]
fn a_policy_without_limits_admits_everything() {
    for runtime in RUNTIMES {
        let program = Program::in_memory(runtime);
        let answer = program.acquire(r#"{"policy":"nothing","key":"a"}"#);
        assert_eq!(answer.json(), json!({"allowed": true, "limits": {}}), "{runtime:?}");
        assert_eq!(answer.header("ratelimit"), "");
    }
}

#[test]
fn it_says_that_it_is_alive() {
    for runtime in RUNTIMES {
        let answer = Program::in_memory(runtime).get("/healthz");
        assert_eq!((answer.status, answer.json()), (200, json!({"status": "ok"})), "{runtime:?}");
    }
}
