//! What serde writes and reads: policies, answers, and snapshots of a limiter.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use tollgate::{
    Acquire, Algorithm, CalendarUnit, Hold, Id, KEY_BYTES_MAX, Limit, Limiter, ManualClock,
    Overrun, Policy, RECORD_BYTES_MAX, Recovery, RestoreError, Snapshot, Span, Timestamp, Windows,
};

const START: Timestamp = Timestamp::from_secs(1_800_000_000);
const MINUTE: Span = Span::from_secs(60);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Settings {
    #[serde(with = "tollgate::policy_serde")]
    limits: Policy,
}

fn limiter(policy: &Policy, keys_max: usize, now: Timestamp) -> Limiter<ManualClock> {
    let limiter = Limiter::with_clock(policy.clone(), keys_max, ManualClock::default());
    limiter.clock().set(now);
    limiter
}

fn bucket() -> Policy {
    Policy::new([Limit::token_bucket("requests", 9, 1, MINUTE).unwrap()]).unwrap()
}

/// One limit of every kind, with everything that can be said of it, comes back as it was.
#[test]
fn policies_come_back() {
    let period = Span::from_nanos(90_061_000_000_001);
    let aligned = Windows::Aligned { period, utc_offset_secs: -19_800 };
    let calendar = |unit| Windows::Calendar { unit, utc_offset_secs: 3_600 };
    let recovery = Recovery { interval: MINUTE, factor_permille: 1_500, ceiling_permille: 2_000 };
    let algorithms = [
        Algorithm::Gcra { limit: 100, period, burst: 7 },
        Algorithm::TokenBucket { capacity: 9, refill: 0, period, initial: 3 },
        Algorithm::IntervalBucket { capacity: 9, refill: 2, windows: aligned, initial: 0 },
        Algorithm::LeakyBucket { capacity: 9, leak: 1, period },
        Algorithm::LeakyQueue { capacity: 9, leak: 1, period: MINUTE },
        Algorithm::FixedWindow { limit: 5, windows: Windows::FirstUse { period } },
        Algorithm::FixedWindow { limit: 5, windows: calendar(CalendarUnit::Day) },
        Algorithm::FixedWindow { limit: 5, windows: calendar(CalendarUnit::Week) },
        Algorithm::FixedWindow { limit: 5, windows: calendar(CalendarUnit::Month) },
        Algorithm::SlidingLog { limit: 5, period },
        Algorithm::SlidingCounter { limit: tollgate::UNITS_MAX, period: Span::from_nanos(1) },
        Algorithm::Concurrency { slots: 4 },
        Algorithm::Adaptive { capacity: 50, period, recovery },
    ];
    let limits = algorithms.into_iter().enumerate().map(|(index, algorithm)| {
        let limit = Limit::new(&format!("limit-{index}"), algorithm).unwrap();
        match index % 4 {
            0 => limit.per_call(),
            1 => limit.shadow().with_overrun(Overrun::Refuse),
            2 => limit.with_default_cost(3).unwrap(),
            _ => limit,
        }
    });
    let settings = Settings { limits: Policy::new(limits).unwrap() };
    let text = serde_json::to_string(&settings).unwrap();
    assert_eq!(serde_json::from_str::<Settings>(&text).unwrap(), settings, "{text}");
}

/// What is no policy is an error that names the field; so is one that there are no words for.
#[test]
fn bad_policies_are_refused() {
    for (limits, message) in [
        ("[]", "a policy is a table of limits"),
        (r#"{"requests":1}"#, "requests: must be a limit"),
        (r#"{"on_store_failure":"open"}"#, "on_store_failure: must be a limit"),
        (r#"{"requests":{"algorithm":"gcra","per":"1m"}}"#, "requests.limit: gcra needs it"),
        (r#"{"requests":{"algorithm":"gcra","limit":0,"per":"1m"}}"#, "requests.limit: must be 1"),
        (r#"{"":{"algorithm":"concurrency","slots":1}}"#, ": its name"),
        (
            r#"{"a":{"algorithm":"concurrency","slots":1},"a":{"algorithm":"concurrency","slots":1}}"#,
            "two limits are named a",
        ),
    ] {
        let text = format!(r#"{{"limits":{limits}}}"#);
        let error = serde_json::from_str::<Settings>(&text).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
    let windows = Windows::Aligned { period: MINUTE, utc_offset_secs: 1 };
    let limit = Limit::new("requests", Algorithm::FixedWindow { limit: 1, windows }).unwrap();
    let settings = Settings { limits: Policy::new([limit]).unwrap() };
    let error = serde_json::to_string(&settings).unwrap_err().to_string();
    assert_eq!(error, "requests.utc_offset: 1 s can't be written, only whole minutes");
}

/// An answer is words and nanoseconds; what never passes waits for nothing.
#[test]
fn answers_are_told() {
    let policy = bucket();
    let limiter = limiter(&policy, 10, START);
    let told = |units: u64| {
        let costs = policy.costs([("requests", units)]).unwrap();
        serde_json::to_string(&limiter.try_acquire("alice", costs).unwrap()).unwrap()
    };
    let allowed = r#"{"verdict":"allowed","effect":"charged","retry_after_ns":0,"delay_ns":0,"denied_by":null}"#;
    assert_eq!(told(9), allowed);
    let limited = r#"{"verdict":"limited","effect":"none","retry_after_ns":60000000000,"delay_ns":0,"denied_by":0}"#;
    assert_eq!(told(1), limited);
    assert!(told(10).contains(r#""verdict":"impossible","effect":"none","retry_after_ns":null"#));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// A restored limiter decides as the saved one does, with holds, blocks and many keys, and forgets what
    /// that one would.
    #[test]
    fn a_restored_limiter_goes_on(
        acts in proptest::collection::vec((0..40_u8, 0..5_u64, 0..4_u8), 0..120), later in 0..600_u64,
    ) {
        let policy = bucket();
        let saved = limiter(&policy, 1_000, START);
        for (id, (key, units, what)) in acts.into_iter().enumerate() {
            let (key, costs) = (key.to_string(), policy.costs([("requests", units)]).unwrap());
            let hold = Hold::new(Id::from_u128(id as u128), MINUTE).unwrap();
            match what {
                0 => drop(saved.block(&key, Span::from_secs(units)).unwrap()),
                1 => saved.apply(&key, &Acquire::new(costs).held(hold).into(), |_| ()).unwrap(),
                _ => drop(saved.try_acquire(&key, costs).unwrap()),
            }
        }
        let text = serde_json::to_string(&saved.snapshot()).unwrap();
        let restored = limiter(&policy, 1_000, START);
        restored.restore(&serde_json::from_str::<Snapshot>(&text).unwrap()).unwrap();
        let now = START.plus(Span::from_secs(later));
        for key in 0..40 {
            let said = [&saved, &restored].map(|limiter| {
                limiter.clock().set(now);
                let two = policy.costs([("requests", 2)]).unwrap().into();
                limiter.apply(&key.to_string(), &two, |decision| {
                    (decision.verdict(), decision.retry_after(), decision.limits().collect::<Vec<_>>())
                })
            });
            prop_assert_eq!(&said[0], &said[1]);
        }
    }
}

/// Keys that are needed no more are not saved.
#[test]
fn idle_keys_are_left_out() {
    let policy = bucket();
    let limiter = limiter(&policy, 10, START);
    limiter.try_acquire("alice", policy.costs([]).unwrap()).unwrap();
    limiter.clock().set(START.plus(MINUTE));
    let text = serde_json::to_string(&limiter.snapshot()).unwrap();
    assert_eq!(text, r#"{"version":1,"records":[]}"#);
}

fn read(text: &str) -> Result<Snapshot, String> {
    serde_json::from_str(text).map_err(|error: serde_json::Error| error.to_string())
}

/// What is no snapshot is an error that says which pair is wrong, and what with it.
#[test]
fn bad_snapshots_are_refused() {
    let pair = |key: &str, record: &str| {
        read(&format!(r#"{{"version":1,"records":[["a","01"],["{key}","{record}"]]}}"#))
    };
    assert!(pair("b", "01").is_ok());
    let record = "records[1].record: must be hexadecimal of at most";
    let long_record = "01".repeat(RECORD_BYTES_MAX + 1);
    let long_key = "k".repeat(KEY_BYTES_MAX + 1);
    for (read, message) in [
        (pair("", "01"), "records[1].key: must be 1 to 512 bytes, not 0"),
        (pair(&long_key, "01"), "records[1].key: must be 1 to 512 bytes, not 513"),
        (pair("b", "0"), record),
        (pair("b", "zz"), record),
        (pair("b", &long_record), record),
        (read(r#"{"version":2,"records":[]}"#), "version: must be 1, not 2"),
        (read(r#"{"version":1}"#), "missing field `records`"),
        (read(r#"{"version":1,"records":[],"more":1}"#), "unknown field `more`"),
        (read("[]"), "invalid length 0"),
        (read(r#"{"version":1,"records":{}}"#), "invalid type: map, expected a list of pairs"),
    ] {
        let error = read.unwrap_err();
        assert!(error.starts_with(message), "{error}");
    }
}

/// A snapshot that does not fit the limiter says so, and nothing that was there is lost.
#[test]
fn what_does_not_fit_is_refused() {
    let policy = bucket();
    let saved = limiter(&policy, 10, START);
    let one = policy.costs([]).unwrap();
    for key in ["a", "b", "c"] {
        saved.try_acquire(key, one).unwrap();
    }
    let snapshot = saved.snapshot();
    assert_eq!(saved.restore(&snapshot), Err(RestoreError::Taken(0)));
    assert_eq!(saved.peek("a").unwrap()[0].remaining, 8);
    let error = limiter(&policy, 2, START).restore(&snapshot).unwrap_err().to_string();
    assert!(error.starts_with("records[2]: keys_max: 2 keys are in use"), "{error}");
    let corrupt = read(r#"{"version":1,"records":[["a","01"],["b","02"]]}"#).unwrap();
    let fresh = limiter(&policy, 10, START);
    let error = fresh.restore(&corrupt).unwrap_err().to_string();
    assert_eq!(error, "records[1].record: the record has the unknown version 2");
    assert_eq!(fresh.keys(), 0);
}
