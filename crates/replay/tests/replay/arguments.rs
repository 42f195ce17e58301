//! Which arguments go together, and what is said about those that do not.

use std::fs;

use crate::command::{replay, replay_text};

const CSV: &str = "time,key,tokens\n2024-01-01T00:00:00Z,a,5\n";
const TWO: &str = r#"
[policy.first]
requests = { algorithm = "token-bucket", capacity = 2, refill = 1, per = "1s" }
[policy.second]
requests = { algorithm = "token-bucket", capacity = 2, refill = 1, per = "1s" }
tokens   = { algorithm = "token-bucket", capacity = 9, refill = 1, per = "1s" }
"#;

#[test]
fn the_only_policy_is_taken_and_of_several_one_must_be_named() {
    assert_eq!(replay_text(CSV, &[]).summary()["policy"], "p");
    let summary = replay_text(CSV, &["--policy", "first"]).policies(TWO).summary();
    assert_eq!(summary["policy"], "first");
    let error = replay_text(CSV, &[]).policies(TWO).error();
    assert_eq!(error, "--policy: say which one of first, second");
    let error = replay_text(CSV, &["--policy", "third"]).policies(TWO).error();
    assert_eq!(error, "--policy third: there is no such policy; there are: first, second");
    let error = replay_text(CSV, &[]).policies("[policy]").error();
    assert_eq!(error, "--policies: there is no policy in it");
    let error = replay_text(CSV, &[]).policies("").error();
    assert_eq!(error, "--policies: say which file holds the policies");
}

#[test]
fn policies_come_from_a_file_when_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two.toml");
    fs::write(&path, TWO).unwrap();
    let path = path.to_str().unwrap();
    let summary = replay_text(CSV, &["--policies", path, "--policy", "first"]).summary();
    assert_eq!(summary["policy"], "first");

    let missing = folder.path().join("missing.toml");
    let error = replay_text(CSV, &["--policies", missing.to_str().unwrap()]).error();
    assert!(error.contains("missing.toml can't be read"), "{error}");
    fs::write(path, "[policy.p]\nrequests = 1").unwrap();
    let error = replay_text(CSV, &["--policies", path]).error();
    assert!(error.contains("two.toml: policy.p.requests: is neither a limit"), "{error}");
}

#[test]
fn every_limit_needs_a_cost_or_a_default_and_every_cost_a_limit() {
    let second = |cost: &'static [&str]| replay_text(CSV, cost).policies(TWO);
    let error = second(&["--policy", "second"]).error();
    assert_eq!(error, "--cost tokens=COLUMN is needed: this limit has no default cost");
    let error = second(&["--policy", "second", "--cost", "token=tokens"]).error();
    assert_eq!(error, "--cost token: the policy has no such limit; it has: requests, tokens");
    let twice = ["--policy", "second", "--cost", "tokens=tokens", "--cost", "tokens=key"];
    let error = replay_text(CSV, &twice).policies(TWO).error();
    assert_eq!(error, "--cost tokens: it is given twice");
    for wrong in ["tokens", "=tokens", "tokens="] {
        let error = replay_text(CSV, &["--cost", wrong]).error();
        assert!(error.contains("write LIMIT=COLUMN"), "{error}");
    }
}

#[test]
fn flags_of_the_other_format_are_refused() {
    let log = r#"192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1"#;
    let error = replay_text(log, &["--time", "t"]).error();
    assert_eq!(error, "--time is for a CSV; this is an access log (it has --key-field)");
    let error = replay_text(log, &["--key", "k"]).error();
    assert_eq!(error, "--key is for a CSV; this is an access log (it has --key-field)");
    let error = replay_text(log, &["--cost", "requests=status"]).error();
    assert!(error.contains("in an access log a cost can only be taken from `bytes`"), "{error}");
    let error = replay_text(CSV, &["--key-field", "ip"]).error();
    assert_eq!(error, "--key-field is for an access log; a CSV has --key");
}

#[test]
fn top_is_bounded() {
    assert_eq!(replay_text(CSV, &["--top", "0"]).summary()["top_keys"], serde_json::json!([]));
    assert_eq!(replay_text(CSV, &["--top", "1000"]).summary()["requests"], 1);
    assert!(replay_text(CSV, &["--top", "1001"]).error().contains("not in 0..=1000"));
}

#[test]
fn the_word_after_decisions_is_still_the_file() {
    let output = replay(&["--decisions", "-"]).stdin(CSV.as_bytes()).output();
    assert!(output.stdout.starts_with("{\"line\":2,"), "{}", output.stdout);
}
