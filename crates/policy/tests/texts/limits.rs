//! Limits, as a text writes them.

use tollgate_core::{Algorithm, CalendarUnit, Overrun, Recovery, Span, Windows};
use tollgate_policy::PolicySet;

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
