//! What a policy text may say, and what is answered when it says something else.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod limits;
mod options;
mod overrides;
mod wrong;

use tollgate_policy::{NamedPolicy, OnStoreFailure, PolicySet};

fn error(text: &str) -> String {
    PolicySet::parse(text).unwrap_err().to_string()
}

#[test]
fn toml_and_json_of_the_same_shape_are_the_same_policies() {
    let toml = r#"
        [policy.b]
        z = { algorithm = "gcra", limit = 100, per = "1m", burst = 20, default_cost = 2 }
        a = { algorithm = "leaky-bucket", capacity = 10, leak = 1, per = "1s" }
        [policy.a]
        on_store_failure = "open"
        budget = { algorithm = "token-bucket", capacity = 100, refill = 0 }
    "#;
    let json = r#" {"policy": {
        "b": {
            "z": {"algorithm": "gcra", "limit": 100, "per": "1m", "burst": 20, "default_cost": 2},
            "a": {"algorithm": "leaky-bucket", "capacity": 10, "leak": 1, "per": "1s"}
        },
        "a": {
            "on_store_failure": "open",
            "budget": {"algorithm": "token-bucket", "capacity": 100, "refill": 0}
        }
    }}"#;
    let set = PolicySet::parse(toml).unwrap();
    assert_eq!(set, PolicySet::parse(json).unwrap());
    let names: Vec<_> = set.iter().map(|policy| policy.name().to_string()).collect();
    assert_eq!(names, ["b", "a"], "policies keep the order of the text");
    let limits = set.get("b").unwrap().limits().limits();
    assert_eq!([&**limits[0].name(), &**limits[1].name()], ["z", "a"], "and so do limits");
    assert_eq!(limits[0].default_cost(), Some(2));
    assert_eq!(set.get("a").unwrap().on_store_failure(), OnStoreFailure::Open);
}

#[test]
fn a_text_without_policies_or_a_policy_without_limits_is_fine() {
    assert_eq!(PolicySet::parse("[policy]").unwrap().iter().len(), 0);
    assert!(PolicySet::parse("[policy.p]").unwrap().get("p").unwrap().limits().limits().is_empty());
}

/// A policy is told as it was written, and read again it is the same.
#[test]
fn a_policy_is_written_as_it_was_read() {
    let text = r#"
        [policy.p]
        on_store_failure = "local"
        local_share_percent = 10
        a = { algorithm = "fixed-window", limit = 9007199254740991, calendar = "day", utc_offset = "-05:30" }
        b = { algorithm = "gcra", limit = 1, per = "1h 30m", shadow = true, overrun = "refuse" }
    "#;
    let set = PolicySet::parse(text).unwrap();
    let json = serde_json::to_string(set.get("p").unwrap().text()).unwrap();
    let read = NamedPolicy::new("p", &serde_json::from_str(&json).unwrap()).unwrap();
    assert_eq!(Some(&read), set.get("p"));
    assert_eq!(serde_json::to_string(read.text()).unwrap(), json);
    let error = NamedPolicy::new("a b", read.text()).unwrap_err();
    assert!(error.to_string().starts_with("policy: its name: must be 1 to 64"), "{error}");
}
