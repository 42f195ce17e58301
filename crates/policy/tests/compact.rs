//! What is written as compact JSON says what the text said.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use tollgate_policy::{ApiKeys, PolicySet, TEXT_BYTES_MAX, compact};

#[test]
fn policies_and_pools_are_the_same() {
    let text = r#"
        live_policies = false
        [policy.b]
        on_store_failure = "open"
        z = { algorithm = "gcra", limit = 9007199254740991, per = "1h 30m", shadow = true }
        a = { algorithm = "fixed-window", limit = 7, calendar = "day", utc_offset = "-05:30" }
        [policy.a]
        budget = { algorithm = "token-bucket", capacity = 100, refill = 0 }
        [pool.chat]
        members = [{ policy = "a", key = "\"quoted\" \\ \n\u0001 ä", region = "eu" }]
    "#;
    let json = compact(text).unwrap();
    assert_eq!(PolicySet::parse(&json), PolicySet::parse(text));
    assert_eq!(compact(&json).unwrap(), json, "it is as compact as it gets");
}

#[test]
fn keys_are_the_same() {
    let text = format!(
        "[key.gateway] # of the office\nsha256 = '{}'\ntenant = 'acme'\nscopes = ['acquire', 'admin']",
        "9f".repeat(32)
    );
    assert_eq!(ApiKeys::parse(&compact(&text).unwrap()), ApiKeys::parse(&text));
}

#[test]
fn what_could_not_be_read_is_not_written() {
    assert_eq!(compact("[policy"), None);
    // Each quote becomes two bytes.
    let quotes = |bytes: usize| format!("a = '{}'", "\"".repeat(bytes));
    let overhead_bytes = r#"{"a":""}"#.len();
    let longest = (TEXT_BYTES_MAX - overhead_bytes) / 2;
    assert_eq!(compact(&quotes(longest)).unwrap().len(), TEXT_BYTES_MAX);
    assert_eq!(compact(&quotes(longest + 1)), None);
}
