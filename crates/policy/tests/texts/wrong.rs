//! What is answered to a text that says something else.

use tollgate_policy::{POLICIES_MAX, TEXT_BYTES_MAX};

use crate::error;

/// The error of a policy `p` with one limit `x` that is written so.
fn limit_error(limit: &str) -> String {
    error(&format!("[policy.p]\nx = {limit}"))
}

#[test]
fn what_is_wrong_with_a_limit_names_the_field() {
    let rows = [
        ("{ algorithm = 'gcra', limit = 0, per = '1s' }", "policy.p.x.limit: must be 1 to"),
        ("{ algorithm = 'gcra', limit = 1, per = '0s' }", "policy.p.x.per: must be longer"),
        ("{ algorithm = 'gcra', limit = 1, per = '200y' }", "policy.p.x.per: must be at most"),
        ("{ algorithm = 'gcra', limit = 1, per = 'soon' }", "policy.p.x.per: \"soon\" is no"),
        ("{ algorithm = 'gcra', limit = 1 }", "policy.p.x.per: gcra needs it"),
        (
            "{ algorithm = 'gcra', limit = 1, per = '1s', refill = 1 }",
            "policy.p.x.refill: is no field of gcra",
        ),
        ("{ algorithm = 'token-bucket', refill = 1, per = '1s' }", "policy.p.x.capacity: token-"),
        ("{ algorithm = 'leaky-bucket', capacity = 1, leak = 0, per = '1s' }", "policy.p.x.leak:"),
        (
            "{ algorithm = 'token-bucket', capacity = 2, refill = 1, per = '1s', initial = 3 }",
            "policy.p.x.initial: must be 0 to 2, not 3",
        ),
        (
            "{ algorithm = 'interval-bucket', capacity = 2, refill = 3, per = '1s' }",
            "policy.p.x.refill: must be 1 to 2, not 3",
        ),
        ("{ algorithm = 'concurrency', slots = 0 }", "policy.p.x.slots: must be 1 to"),
        ("{ algorithm = 'fixed-window', limit = 1 }", "policy.p.x.per: fixed-window needs it"),
        (
            "{ algorithm = 'fixed-window', limit = 1, per = '1d', calendar = 'day' }",
            "policy.p.x.per: say either per or calendar",
        ),
        (
            "{ algorithm = 'fixed-window', limit = 1, start = 'epoch', calendar = 'day' }",
            "policy.p.x.start: windows of the calendar",
        ),
        (
            "{ algorithm = 'fixed-window', limit = 1, per = '1s', start = 'first-use', utc_offset = '+01:00' }",
            "policy.p.x.utc_offset: windows that start",
        ),
        (
            "{ algorithm = 'fixed-window', limit = 1, calendar = 'year' }",
            "policy.p.x.calendar: must be \"day\" or \"week\" or \"month\"",
        ),
        (
            "{ algorithm = 'fixed-window', limit = 1, calendar = 'day', utc_offset = '2h' }",
            "policy.p.x.utc_offset: \"2h\" is no offset",
        ),
        (
            "{ algorithm = 'fixed-window', limit = 1, calendar = 'day', utc_offset = '+19:00' }",
            "policy.p.x.utc_offset: must be at most",
        ),
        (
            "{ algorithm = 'adaptive', capacity = 1, per = '1s', recovery_factor_permille = 1000 }",
            "policy.p.x.recovery_factor_permille: must be 1010 to 1000000, not 1000",
        ),
        (
            "{ algorithm = 'adaptive', capacity = 1, per = '1s', recovery_interval = '0s' }",
            "policy.p.x.recovery_interval: must be",
        ),
        (
            "{ algorithm = 'concurrency', slots = 1, shadow = 1 }",
            "policy.p.x.shadow: must be true or false",
        ),
        (
            "{ algorithm = 'concurrency', slots = 1, overrun = 'maybe' }",
            "policy.p.x.overrun: must be \"debt\" or \"refuse\"",
        ),
        (
            "{ algorithm = 'concurrency', slots = 1, per_call = true, default_cost = 2 }",
            "policy.p.x.default_cost: every call",
        ),
        (
            "{ algorithm = 'token-bucket', capacity = 9007199254740991, refill = 1, per = '1d' }",
            "policy.p.x.capacity: at this rate",
        ),
        (
            "{ algorithm = 'token-bucket', capacity = 9007199254740992, refill = 1, per = '1d' }",
            "policy.p.x.capacity: must be 1 to 9007199254740991, not 9007199254740992",
        ),
    ];
    for (limit, start) in rows {
        let error = limit_error(limit);
        assert!(error.starts_with(start), "{limit}\n  gave {error}");
    }
}

#[test]
fn wrong_types_and_unknown_fields_are_named() {
    let whole = "must be a whole number without a sign, at most 9007199254740991";
    let rows = [
        ("{ algorithm = 'gcra', limit = -1, per = '1s' }", format!("policy.p.x.limit: {whole}")),
        ("{ algorithm = 'gcra', limit = 1.5, per = '1s' }", format!("policy.p.x.limit: {whole}")),
        ("{ algorithm = 'gcra', limit = '1', per = '1s' }", format!("policy.p.x.limit: {whole}")),
        ("{ algorithm = 'gcra', limit = [1], per = '1s' }", format!("policy.p.x.limit: {whole}")),
        ("{ algorithm = 'gcra', limit = 1, per = 1 }", "policy.p.x.per: must be a text".into()),
        (
            "{ algorithm = 'gcra', limits = 1, per = '1s' }",
            "policy.p.x.limits: is no field of gcra, which has limit, burst, per".into(),
        ),
        (
            "{ algorithm = 'sliding', limit = 1 }",
            "policy.p.x.algorithm: is none of gcra, token-bucket, interval-bucket, leaky-bucket, \
             leaky-queue, fixed-window, sliding-log, sliding-counter, concurrency, adaptive"
                .into(),
        ),
        ("{ limit = 1 }", "policy.p.x.algorithm: a limit needs it".into()),
        ("{ algorithm = 1 }", "policy.p.x.algorithm: must be a text".into()),
        (
            "5",
            "policy.p.x: is neither a limit, such as \
             { algorithm = \"gcra\", limit = 100, per = \"1m\" }, nor one of the options on_store_failure, local_share_percent, contention, exactness, headers, watch, overrides"
                .into(),
        ),
    ];
    for (limit, message) in rows {
        assert_eq!(limit_error(limit), message, "{limit}");
    }
}

#[test]
fn what_is_no_toml_or_json_shows_the_line() {
    assert!(error("[policy.p]\nx = {").contains("line 2"));
    assert!(error("{\n\"policy\": }").contains("line 2"));
    assert_eq!(
        error("policy = 1"),
        "policy: a text has nothing but tables [policy.NAME] and [pool.NAME], and live_policies"
    );
    assert_eq!(
        error("[policies.p]"),
        "policies: a text has nothing but tables [policy.NAME] and [pool.NAME], and live_policies"
    );
    assert_eq!(error("{\"policy\": {\"p\": 1}}"), "policy.p: must be a table");
}

#[test]
fn bad_names_and_repeated_names_are_refused() {
    assert!(error("[policy.'a b']").starts_with("policy.a b: its name: must be 1 to 64"));
    let limit = "{ algorithm = 'gcra', limit = 1, per = '1s' }";
    let named = format!("[policy.p]\n'x/y' = {limit}");
    assert!(error(&named).starts_with("policy.p.x/y: its name: must be"));
    let limit = r#"{"algorithm": "gcra", "limit": 1, "per": "1s"}"#;
    let twice = format!(r#"{{"policy": {{"p": {{"x": {limit}, "x": {limit}}}}}}}"#);
    assert_eq!(error(&twice), "policy.p: two limits are named x");
    assert_eq!(error(r#"{"policy": {"p": {}, "p": {}}}"#), "policy.p: is given twice");
    let word = r#"{"policy": {"p": {"on_store_failure": "open", "on_store_failure": "open"}}}"#;
    assert_eq!(error(word), "policy.p.on_store_failure: is given twice");
    let maybe = error("[policy.p]\non_store_failure = 'maybe'");
    assert_eq!(maybe, "policy.p.on_store_failure: must be \"closed\" or \"open\" or \"local\"");
    let nearly = error("[policy.p]\nexactness = 'nearly'");
    assert_eq!(nearly, "policy.p.exactness: must be \"exact\" or \"best_effort\"");
    let draft = error("[policy.p]\nheaders = 'draft-06'");
    assert!(draft.starts_with("policy.p.headers: must be \"draft-10\" or \"draft-07\""), "{draft}");
}

#[test]
fn a_pool_that_can_not_be_is_refused_with_its_field() {
    let policy = "[policy.p]\nx = { algorithm = 'gcra', limit = 1, per = '1s' }\n";
    for (pool, message) in [
        ("choice = 'best'", "choice: must be \"round-robin\" or \"random\" or \"most-room\""),
        ("members = 5", "members: must be a list such as [{ policy = \"llm\", key = \"eu\" }]"),
        ("members = []", "members: must be 1 to 16"),
        ("members = [1]", "members[0]: must be a table"),
        ("members = [{ policy = 'p' }]", "members[0].key: a member needs it"),
        ("members = [{ policy = 'p', key = '' }]", "members[0].key: must have 1 to 512 bytes"),
        ("members = [{ policy = 'q', key = 'k' }]", "members[0].policy: there is no q"),
        ("members = [{ policy = 'p', key = 'k', x = 1 }]", "members[0].x: must be a text"),
    ] {
        assert_eq!(error(&format!("{policy}[pool.a]\n{pool}")), format!("pool.a.{message}"));
    }
    let other = error(&format!("{policy}[pool.a]\nlength = 1"));
    assert!(other.starts_with("pool.a.length: is no field"), "{other}");
}

#[test]
fn sizes_are_bounded() {
    let long = " ".repeat(TEXT_BYTES_MAX + 1);
    assert!(error(&long).contains("at most 262144 are read"));
    let many: String = (0..=POLICIES_MAX).map(|n| format!("[policy.p{n}]\n")).collect();
    assert!(error(&many).contains("more than 1000 entries"), "{}", error(&many));
    let limit = "{ algorithm = 'gcra', limit = 1, per = '1s' }";
    let many: String = (0..17).map(|n| format!("x{n} = {limit}\n")).collect();
    assert_eq!(error(&format!("[policy.p]\n{many}")), "policy.p: a policy has at most 16 limits");
    let deep = format!("{{\"policy\":{}", "{\"a\":".repeat(10_000));
    assert!(!error(&deep).is_empty());
    let deep = format!("[policy.p]\nx = {}", "[".repeat(100_000));
    assert!(!error(&deep).is_empty());
}
