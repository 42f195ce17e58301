//! The numbers of limits.

use tollgate_core::{
    Algorithm, CalendarUnit, Limit, LimitError, Recovery, Span, UNITS_MAX, UTC_OFFSET_SECS_MAX,
    Windows,
};

use crate::{SECOND, refused};

type Make = fn(u64) -> Algorithm;

const PERIOD: Span = SECOND;
const WINDOWS: Windows = Windows::Aligned { period: PERIOD, utc_offset_secs: 0 };

fn limit(algorithm: Algorithm) -> Result<Limit, LimitError> {
    Limit::new("l", algorithm)
}

const fn adaptive(capacity: u64, recovery: Recovery) -> Algorithm {
    Algorithm::Adaptive { capacity, period: PERIOD, recovery }
}

fn recovery(factor_permille: u64, ceiling_permille: u64) -> Algorithm {
    adaptive(1, Recovery { factor_permille, ceiling_permille, ..Recovery::default() })
}

/// Every number of every algorithm: the field's name, the least and the most that it takes.
const FIELDS: [(&str, u64, u64, Make); 18] = {
    const MAX: u64 = UNITS_MAX;
    [
        ("limit", 1, MAX, |n| Algorithm::Gcra { limit: n, period: PERIOD, burst: 1 }),
        ("burst", 1, MAX, |n| Algorithm::Gcra { limit: MAX, period: PERIOD, burst: n }),
        ("capacity", 1, MAX, |n| bucket(n, MAX, 0)),
        ("refill", 0, MAX, |n| bucket(1, n, 0)),
        ("initial", 0, 7, |n| bucket(7, 1, n)),
        ("capacity", 1, MAX, |n| interval(n, 1, 0)),
        ("refill", 1, 7, |n| interval(7, n, 0)),
        ("initial", 0, 7, |n| interval(7, 1, n)),
        ("capacity", 1, MAX, |n| Algorithm::LeakyBucket { capacity: n, leak: MAX, period: PERIOD }),
        ("leak", 1, MAX, |n| Algorithm::LeakyBucket { capacity: 1, leak: n, period: PERIOD }),
        ("capacity", 1, MAX, |n| Algorithm::LeakyQueue { capacity: n, leak: MAX, period: PERIOD }),
        ("leak", 1, MAX, |n| Algorithm::LeakyQueue { capacity: 1, leak: n, period: PERIOD }),
        ("limit", 1, MAX, |n| Algorithm::FixedWindow { limit: n, windows: WINDOWS }),
        ("limit", 1, MAX, |n| Algorithm::SlidingLog { limit: n, period: PERIOD }),
        ("limit", 1, MAX, |n| Algorithm::SlidingCounter { limit: n, period: PERIOD }),
        ("slots", 1, MAX, |n| Algorithm::Concurrency { slots: n }),
        ("recovery_factor_permille", 1_010, 1_000_000, |n| recovery(n, 1_000)),
        ("recovery_ceiling_permille", 1_000, 1_000_000, |n| recovery(1_010, n)),
    ]
};

const fn bucket(capacity: u64, refill: u64, initial: u64) -> Algorithm {
    Algorithm::TokenBucket { capacity, refill, period: PERIOD, initial }
}

const fn interval(capacity: u64, refill: u64, initial: u64) -> Algorithm {
    Algorithm::IntervalBucket { capacity, refill, windows: WINDOWS, initial }
}

/// Every number is taken from its least to its most; the field is named otherwise.
#[test]
fn units() {
    for (field, least, most, make) in FIELDS {
        assert!(limit(make(least)).is_ok() && limit(make(most)).is_ok(), "{field}");
        for outside in [least.wrapping_sub(1), most + 1, u64::MAX] {
            let message = format!("{field}: must be {least} to {most}, not {outside}");
            assert_eq!(refused(limit(make(outside))), message);
        }
    }
    let capacity = |units| limit(adaptive(units, Recovery::default()));
    assert!(capacity(1).is_ok() && capacity(UNITS_MAX).is_ok());
    assert_eq!(refused(capacity(0)), "capacity: must be 1 to 9007199254740991, not 0");
    assert!(limit(bucket(UNITS_MAX, 0, 0)).unwrap().period().is_never());
}

/// Every algorithm that takes a period, with this one.
fn with_period(period: Span) -> [Algorithm; 10] {
    let aligned = Windows::Aligned { period, utc_offset_secs: 0 };
    let recovery = Recovery::default();
    [
        Algorithm::Gcra { limit: 1, period, burst: 1 },
        Algorithm::TokenBucket { capacity: 1, refill: 1, period, initial: 1 },
        Algorithm::LeakyBucket { capacity: 1, leak: 1, period },
        Algorithm::LeakyQueue { capacity: 1, leak: 1, period },
        Algorithm::FixedWindow { limit: 1, windows: aligned },
        Algorithm::FixedWindow { limit: 1, windows: Windows::FirstUse { period } },
        Algorithm::IntervalBucket { capacity: 1, refill: 1, windows: aligned, initial: 1 },
        Algorithm::SlidingLog { limit: 1, period },
        Algorithm::SlidingCounter { limit: 1, period },
        Algorithm::Adaptive { capacity: 1, period, recovery },
    ]
}

/// A period is 1 ns to 2^62 - 1 ns.
#[test]
fn periods() {
    for period in [Span::from_nanos(1), Span::MAX] {
        for algorithm in with_period(period) {
            assert_eq!(limit(algorithm).unwrap().period(), period, "{algorithm:?}");
        }
    }
    for algorithm in with_period(Span::ZERO) {
        assert_eq!(refused(limit(algorithm)), "per: must be longer than nothing");
    }
    for above in [Span::from_nanos(Span::MAX.as_nanos() + 1), Span::NEVER] {
        for algorithm in with_period(above) {
            assert_eq!(refused(limit(algorithm)), "per: must be at most 146 years");
        }
    }
}

/// So is the time between two steps of a recovery.
#[test]
fn recovery_intervals() {
    let every = |interval| limit(adaptive(1, Recovery { interval, ..Recovery::default() }));
    assert!(every(Span::from_nanos(1)).is_ok() && every(Span::MAX).is_ok());
    let message = "recovery_interval: must be longer than nothing and at most 146 years";
    for outside in [Span::ZERO, Span::from_nanos(Span::MAX.as_nanos() + 1), Span::NEVER] {
        assert_eq!(refused(every(outside)), message);
    }
}

/// An offset from UTC is at most 18 hours, either way.
#[test]
fn utc_offsets() {
    let day = CalendarUnit::Day;
    let makes: [fn(CalendarUnit, i32) -> Windows; 2] = [
        |_, utc_offset_secs| Windows::Aligned { period: SECOND, utc_offset_secs },
        |unit, utc_offset_secs| Windows::Calendar { unit, utc_offset_secs },
    ];
    for make in makes {
        let with = |offset| limit(Algorithm::FixedWindow { limit: 1, windows: make(day, offset) });
        let most = UTC_OFFSET_SECS_MAX;
        assert!(with(most).is_ok() && with(-most).is_ok());
        for outside in [most + 1, -most - 1, i32::MAX, i32::MIN] {
            let message = format!("utc_offset: must be at most 64800 seconds, not {outside}");
            assert_eq!(refused(with(outside)), message);
        }
    }
}

/// From empty to full takes at most as long as the longest period; the field to lower is named.
#[test]
fn times_to_full() {
    let message = ": at this rate it takes more than 146 years to fill; lower it or raise the rate";
    let half = Span::from_nanos(Span::MAX.as_nanos() / 2);
    assert!(Limit::gcra("l", 1, half, 2).is_ok());
    assert_eq!(refused(Limit::gcra("l", 1, half, 3)), format!("burst{message}"));
    assert!(Limit::token_bucket("l", 2, 1, half).is_ok());
    for limit in [Limit::token_bucket("l", 3, 1, half), Limit::leaky_bucket("l", 3, 1, half)] {
        assert_eq!(refused(limit), format!("capacity{message}"));
    }
    // 2^53 - 1 units at 512 ns each fit (2^62 - 512 ns), at 513 ns they don't.
    let every = |nanos| Limit::gcra("l", 1, Span::from_nanos(nanos), UNITS_MAX);
    assert!(every(512).is_ok());
    assert_eq!(refused(every(513)), format!("burst{message}"));
    assert_eq!(refused(Limit::gcra("l", 1, Span::MAX, UNITS_MAX)), format!("burst{message}"));
}
