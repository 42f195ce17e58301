//! What a policy text may say, and what is answered when it says something else.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use tollgate_core::{Algorithm, CalendarUnit, Overrun, Recovery, Span, Windows};
use tollgate_policy::{
    Exactness, NamedPolicy, OnStoreFailure, POLICIES_MAX, PolicySet, TEXT_BYTES_MAX,
};

fn error(text: &str) -> String {
    PolicySet::parse(text).unwrap_err().to_string()
}

/// The error of a policy `p` with one limit `x` that is written so.
fn limit_error(limit: &str) -> String {
    error(&format!("[policy.p]\nx = {limit}"))
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
fn burst_is_the_limit_unless_it_is_said() {
    let set = PolicySet::parse("[policy.p]\nx = { algorithm = 'gcra', limit = 7, per = '1h 30m' }");
    let algorithm = set.unwrap().get("p").unwrap().limits().limits()[0].algorithm();
    let period = Span::from_secs(5400);
    assert_eq!(algorithm, Algorithm::Gcra { limit: 7, period, burst: 7 });
}

/// Every algorithm, with every field it has, becomes what it says.
#[test]
fn every_algorithm_can_be_written() {
    let (second, day) = (Span::from_secs(1), CalendarUnit::Day);
    let aligned = |utc_offset_secs| Windows::Aligned { period: second, utc_offset_secs };
    let rows = [
        (
            "algorithm = 'token-bucket', capacity = 5, refill = 2, per = '1s', initial = 1",
            Algorithm::TokenBucket { capacity: 5, refill: 2, period: second, initial: 1 },
        ),
        (
            "algorithm = 'interval-bucket', capacity = 5, refill = 2, per = '1s'",
            Algorithm::IntervalBucket { capacity: 5, refill: 2, windows: aligned(0), initial: 5 },
        ),
        (
            "algorithm = 'leaky-bucket', capacity = 5, leak = 2, per = '1s'",
            Algorithm::LeakyBucket { capacity: 5, leak: 2, period: second },
        ),
        (
            "algorithm = 'leaky-queue', capacity = 5, leak = 2, per = '1s'",
            Algorithm::LeakyQueue { capacity: 5, leak: 2, period: second },
        ),
        (
            "algorithm = 'fixed-window', limit = 5, per = '1s', start = 'epoch', utc_offset = '-05:30'",
            Algorithm::FixedWindow { limit: 5, windows: aligned(-(5 * 3_600 + 30 * 60)) },
        ),
        (
            "algorithm = 'fixed-window', limit = 5, per = '1s', start = 'first-use'",
            Algorithm::FixedWindow { limit: 5, windows: Windows::FirstUse { period: second } },
        ),
        (
            "algorithm = 'fixed-window', limit = 5, calendar = 'day', utc_offset = '+02:00'",
            Algorithm::FixedWindow {
                limit: 5,
                windows: Windows::Calendar { unit: day, utc_offset_secs: 7_200 },
            },
        ),
        (
            "algorithm = 'sliding-log', limit = 5, per = '1s'",
            Algorithm::SlidingLog { limit: 5, period: second },
        ),
        (
            "algorithm = 'sliding-counter', limit = 5, per = '1s'",
            Algorithm::SlidingCounter { limit: 5, period: second },
        ),
        ("algorithm = 'concurrency', slots = 5", Algorithm::Concurrency { slots: 5 }),
        (
            "algorithm = 'adaptive', capacity = 5, per = '1s', recovery_factor_permille = 2000",
            Algorithm::Adaptive {
                capacity: 5,
                period: second,
                recovery: Recovery { factor_permille: 2_000, ..Recovery::default() },
            },
        ),
    ];
    for (fields, algorithm) in rows {
        let set = PolicySet::parse(&format!("[policy.p]\nx = {{ {fields} }}")).unwrap();
        assert_eq!(set.get("p").unwrap().limits().limits()[0].algorithm(), algorithm, "{fields}");
    }
}

/// What every limit may say beside its algorithm.
#[test]
fn general_fields_are_read() {
    let text = "[policy.p]\nx = { algorithm = 'concurrency', slots = 1, per_call = true, \
                shadow = true, overrun = 'refuse' }";
    let set = PolicySet::parse(text).unwrap();
    let limit = &set.get("p").unwrap().limits().limits()[0];
    assert!(limit.is_per_call() && limit.is_shadow());
    assert_eq!((limit.overrun(), limit.default_cost()), (Overrun::Refuse, Some(1)));
    let set = PolicySet::parse("[policy.p]\nx = { algorithm = 'concurrency', slots = 1 }").unwrap();
    let limit = &set.get("p").unwrap().limits().limits()[0];
    assert!(!limit.is_per_call() && !limit.is_shadow());
    assert_eq!(limit.overrun(), Overrun::Debt);
}

#[test]
fn a_text_without_policies_or_a_policy_without_limits_is_fine() {
    assert_eq!(PolicySet::parse("[policy]").unwrap().iter().len(), 0);
    assert!(PolicySet::parse("[policy.p]").unwrap().get("p").unwrap().limits().limits().is_empty());
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
    let whole = "must be a whole number from 0 to 9007199254740991";
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
             { algorithm = \"gcra\", limit = 100, per = \"1m\" }, nor one of the options on_store_failure, local_share_percent, contention, exactness, headers, watch"
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

#[test]
fn a_local_policy_grants_a_share_of_every_limit() {
    let text = r#"
        [policy.a]
        on_store_failure = "local"
        local_share_percent = 10
        requests = { algorithm = "gcra", limit = 100, per = "1m", burst = 20 }
        tokens = { algorithm = "token-bucket", capacity = 5, refill = 0, default_cost = 2 }
    "#;
    let set = PolicySet::parse(text).unwrap();
    let local = set.get("a").unwrap().local().unwrap();
    let period = Span::from_secs(60);
    let requests = Algorithm::Gcra { limit: 10, period, burst: 2 };
    assert_eq!(local.limits()[0].algorithm(), requests);
    let Algorithm::TokenBucket { capacity, refill, initial, .. } = local.limits()[1].algorithm()
    else {
        panic!("it is another algorithm");
    };
    assert_eq!((capacity, refill, initial), (1, 0, 1), "at least one unit of what there is");
    assert_eq!(local.limits()[1].default_cost(), Some(2));
    let closed = PolicySet::parse("[policy.a]").unwrap();
    assert_eq!(closed.get("a").unwrap().local(), None);
}

#[test]
fn a_local_share_is_a_percentage_of_a_local_policy() {
    for (percent, message) in [
        ("0", "must be 1 to 100"),
        ("101", "must be 1 to 100"),
        ("-1", "must be a whole number from 0 to 9007199254740991"),
    ] {
        let text =
            format!("[policy.p]\non_store_failure = 'local'\nlocal_share_percent = {percent}");
        assert_eq!(error(&text), format!("policy.p.local_share_percent: {message}"));
    }
    assert_eq!(
        error("[policy.p]\nlocal_share_percent = 5"),
        "policy.p.local_share_percent: belongs to on_store_failure = \"local\""
    );
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
fn a_policy_is_exact_unless_it_says_otherwise() {
    let text = "[policy.a]\n[policy.b]\nexactness = 'exact'\n[policy.c]\nexactness = 'best_effort'";
    let set = PolicySet::parse(text).unwrap();
    let exactness = |name| set.get(name).unwrap().exactness();
    let expected = [Exactness::Exact, Exactness::Exact, Exactness::BestEffort];
    assert_eq!(["a", "b", "c"].map(exactness), expected);
}

/// Policies may be changed live unless the text says that they may not.
#[test]
fn live_policies_are_on_until_a_text_says_no() {
    let has = |text: &str| PolicySet::parse(text).unwrap().has_live_policies();
    assert!(has("") && has("live_policies = true") && PolicySet::default().has_live_policies());
    assert!(!has("live_policies = false") && !has(r#"{"live_policies": false}"#));
    assert_eq!(error("live_policies = 0"), "live_policies: must be true or false");
    let twice = r#"{"live_policies": true, "live_policies": true}"#;
    assert_eq!(error(twice), "live_policies: is given twice");
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
