//! Every bound that the crate's documentation states: the largest that is taken, and what is said of
//! the next one.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use tollgate_core::{
    CostError, FOREIGN_BYTES_MAX, LIMITS_MAX, Limit, NAME_BYTES_MAX, Name, Policy, PolicyError,
    RECORD_BYTES_MAX, Record, SKEW_MAX, Span, Timestamp, UNITS_MAX, Verdict,
};

const SECOND: Span = Span::from_secs(1);

fn numbered(count: usize) -> impl Iterator<Item = Limit> + Clone {
    (0..count).map(|i| Limit::gcra(&format!("limit-{i}"), 1, SECOND, 1).unwrap())
}

fn refused<T: std::fmt::Debug, E: std::fmt::Display>(result: Result<T, E>) -> String {
    result.unwrap_err().to_string()
}

/// The numbers in the documentation are those of the code.
#[test]
fn the_documented_numbers_hold() {
    assert_eq!((LIMITS_MAX, NAME_BYTES_MAX), (16, 64));
    assert_eq!(UNITS_MAX, 9_007_199_254_740_991);
    let year = 365.2425 * 86_400.0 * 1e9;
    assert_eq!((Span::MAX.as_nanos() as f64 / year).floor(), 146.0);
    assert_eq!(1970.0 + (Timestamp::MAX.as_nanos() as f64 / year).floor(), 2262.0);
    assert_eq!(SKEW_MAX, Span::from_secs(60));
    assert_eq!((FOREIGN_BYTES_MAX, RECORD_BYTES_MAX), (1_024, 1_377));
}

/// A policy has 0 to 16 limits, each with a name of its own.
#[test]
fn limits_in_a_policy() {
    assert_eq!(Policy::new([]).unwrap().limits().len(), 0);
    let policy = Policy::new(numbered(LIMITS_MAX)).unwrap();
    assert_eq!(Record::new(&policy).encode(&policy).len(), RECORD_BYTES_MAX - FOREIGN_BYTES_MAX);
    let error = refused(Policy::new(numbered(LIMITS_MAX + 1)));
    assert_eq!(error, "a policy has at most 16 limits");
    // A list without an end is not read to its end.
    let endless = numbered(1).cycle();
    assert_eq!(Policy::new(endless).unwrap_err(), PolicyError::TooManyLimits);
    let error = refused(Policy::new(numbered(1).chain(numbered(1))));
    assert_eq!(error, "two limits are named limit-0");
}

/// Two names with the same 32-bit hash are refused: a record could not tell them apart.
#[test]
fn names_with_the_same_hash() {
    let limit = |name| Limit::gcra(name, 1, SECOND, 1).unwrap();
    let error = refused(Policy::new([limit("costarring"), limit("liquid")]));
    assert_eq!(error, "the names costarring and liquid have the same hash; rename one of them");
}

/// A name has 1 to 64 bytes of a few characters.
#[test]
fn names() {
    let message = "name: must be 1 to 64 letters, digits, '_', '-' or '.', and not dots alone";
    let longest = "n".repeat(NAME_BYTES_MAX);
    let taken = ["a", "Z", "0", "_", "-", ".a", "v1.2", &longest];
    for name in taken {
        assert_eq!(&**Limit::gcra(name, 1, SECOND, 1).unwrap().name(), name);
    }
    let too_long = "n".repeat(NAME_BYTES_MAX + 1);
    for name in ["", ".", "..", &too_long, "a b", "a/b", "a\n", "a\0", "é", "a:b"] {
        assert_eq!(refused(Limit::gcra(name, 1, SECOND, 1)), message, "{name:?}");
        assert_eq!(Name::new(name), None);
    }
    // Of all characters of one byte exactly these are taken.
    let all = (0..=127_u8).map(char::from).filter(|c| Name::new(&format!("n{c}")).is_some());
    let expected = "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
    assert_eq!(all.collect::<String>(), expected);
}

/// Every number of every algorithm is 1 to 2^53 - 1; only a token bucket's refill may be 0.
#[test]
fn units() {
    type Make = fn(u64) -> Result<Limit, tollgate_core::LimitError>;
    let fields: [(&str, Make); 6] = [
        ("limit", |n| Limit::gcra("l", n, SECOND, 1)),
        ("burst", |n| Limit::gcra("l", UNITS_MAX, SECOND, n)),
        ("capacity", |n| Limit::token_bucket("l", n, UNITS_MAX, SECOND)),
        ("refill", |n| Limit::token_bucket("l", 1, n, SECOND)),
        ("capacity", |n| Limit::leaky_bucket("l", n, UNITS_MAX, SECOND)),
        ("leak", |n| Limit::leaky_bucket("l", 1, n, SECOND)),
    ];
    let range = |field| {
        let least = if field == "refill" { 0 } else { 1 };
        format!("must be {least} to 9007199254740991, not ")
    };
    for (field, make) in fields {
        assert!(make(1).is_ok(), "{field}");
        assert!(make(UNITS_MAX).is_ok(), "{field}");
        for above in [UNITS_MAX + 1, u64::MAX] {
            assert_eq!(refused(make(above)), format!("{field}: {}{above}", range(field)));
        }
        if field != "refill" {
            assert_eq!(refused(make(0)), format!("{field}: {}0", range(field)));
        }
    }
    assert!(Limit::token_bucket("l", UNITS_MAX, 0, SECOND).unwrap().period().is_never());
}

/// A default cost and a cost are 0 to 2^53 - 1.
#[test]
fn costs() {
    let limit = || Limit::token_bucket("l", 1, 1, SECOND).unwrap();
    assert_eq!(limit().with_default_cost(0).unwrap().default_cost(), Some(0));
    assert_eq!(limit().with_default_cost(UNITS_MAX).unwrap().default_cost(), Some(UNITS_MAX));
    let error = refused(limit().with_default_cost(UNITS_MAX + 1));
    assert_eq!(error, "default_cost: must be 0 to 9007199254740991, not 9007199254740992");

    let policy = Policy::new([limit()]).unwrap();
    assert_eq!(policy.costs([("l", UNITS_MAX)]).unwrap().as_slice(), [UNITS_MAX]);
    let message = "must be 0 to 9007199254740991";
    assert_eq!(refused(policy.costs([("l", UNITS_MAX + 1)])), message);
    assert_eq!(refused(policy.costs_in_order(&[u64::MAX])), message);
}

/// One cost per limit, each given once and for a limit that there is.
#[test]
fn counts_of_costs() {
    let policy = Policy::new(numbered(2)).unwrap();
    let both = policy.costs([("limit-1", 5), ("limit-0", 4)]).unwrap();
    assert_eq!(both.as_slice(), [4, 5]);
    assert_eq!(policy.no_costs().as_slice(), [0, 0]);
    let twice = policy.costs([("limit-0", 1), ("limit-0", 1)]);
    assert_eq!(refused(twice), "must be given once");
    let missing = policy.costs([("limit-0", 1)]).unwrap_err();
    assert_eq!(missing, CostError::Missing(Name::new("limit-1").unwrap()));
    assert_eq!(missing.to_string(), "must be given, since this limit has no default cost");
    let unknown = policy.costs([("limit-2", 1)]).unwrap_err();
    assert_eq!(unknown, CostError::Unknown("limit-2"));
    for units in [&[1][..], &[1, 1, 1]] {
        let message = format!("one cost per limit is wanted: 2, not {}", units.len());
        assert_eq!(refused(policy.costs_in_order(units)), message);
    }
    // Only a limit that stands alone, or is named `requests`, costs 1 without a word.
    let alone = Policy::new(numbered(1)).unwrap();
    assert_eq!(alone.costs([]).unwrap().as_slice(), [1]);
    let requests = Limit::gcra("requests", 1, SECOND, 1).unwrap();
    let tokens = numbered(1).map(|limit| limit.with_default_cost(7).unwrap());
    let policy = Policy::new(tokens.chain([requests])).unwrap();
    assert_eq!(policy.costs([]).unwrap().as_slice(), [7, 1]);
}

/// A period is 1 ns to 2^62 - 1 ns.
#[test]
fn periods() {
    let with = |period| Limit::gcra("l", 1, period, 1);
    assert!(with(Span::from_nanos(1)).is_ok());
    assert_eq!(with(Span::MAX).unwrap().period(), Span::MAX);
    assert_eq!(refused(with(Span::ZERO)), "per: must be longer than nothing");
    for above in [Span::from_nanos(Span::MAX.as_nanos() + 1), Span::NEVER] {
        assert_eq!(refused(with(above)), "per: must be at most 146 years");
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

/// A time later than the last one counts as that one.
#[test]
fn times() {
    let last = Timestamp::MAX;
    assert_eq!(last.as_nanos(), (1 << 63) - 1);
    assert_eq!(Timestamp::from_nanos(last.as_nanos()), last);
    assert!(Timestamp::from_nanos(last.as_nanos() - 1) < last);
    for later in [last.as_nanos() + 1, u64::MAX] {
        assert_eq!(Timestamp::from_nanos(later), last);
    }
    assert_eq!(Timestamp::from_secs(u64::MAX), last);
    assert_eq!(last.plus(Span::from_nanos(1)), last);
    assert_eq!(Timestamp::EPOCH.plus(Span::NEVER), last);
    assert_eq!(Timestamp::EPOCH.since(last), Span::ZERO);
}

/// Spans are shown rounded up, and saturate.
#[test]
fn spans() {
    let nanos = Span::from_nanos;
    assert_eq!(
        [0, 1, 999_999, 1_000_000, 1_000_001].map(|n| nanos(n).as_millis_ceil()),
        [0, 1, 1, 1, 2]
    );
    assert_eq!(
        [0, 1, 999_999_999, 1_000_000_000, 1_000_000_001].map(|n| nanos(n).as_secs_ceil()),
        [0, 1, 1, 1, 2]
    );
    assert_eq!(
        (Span::from_millis(u64::MAX), Span::from_secs(u64::MAX)),
        (Span::NEVER, Span::NEVER)
    );
    assert!(Span::NEVER.is_never() && !Span::MAX.is_never());
}

/// A record is believed up to its time to full plus the skew ahead of the clock, and heals beyond.
#[test]
fn records_ahead_of_the_clock() {
    let policy = Policy::new([Limit::gcra("requests", 1, SECOND, 10).unwrap()]).unwrap();
    let now = Timestamp::from_secs(1_800_000_000);
    let costs = policy.costs_in_order(&[10]).unwrap().into();
    for (behind, healed) in [(SKEW_MAX.as_nanos(), false), (SKEW_MAX.as_nanos() + 1, true)] {
        let mut record = Record::new(&policy);
        let ahead = now.plus(Span::from_nanos(behind));
        assert_eq!(policy.apply(&mut record, &costs, ahead).verdict(), Verdict::Allowed);
        let decision = policy.apply(&mut record, &costs, now);
        assert_eq!((decision.verdict(), decision.changed()), (Verdict::Limited, healed));
    }
}
