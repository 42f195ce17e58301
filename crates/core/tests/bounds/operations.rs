//! What operations take.

use tollgate_core::{
    Acquire, CapacitySetting, Effect, HOLD_TTL_MAX, HOLDS_MAX, Hold, Id, LOG_ENTRIES_MAX, Limit,
    Note, Policy, REASON_BYTES_MAX, Record, ReduceFactor, SOURCE_BYTES_MAX, Share, Span, Timestamp,
    UNITS_MAX, Verdict,
};

use crate::{SECOND, alone};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

fn more(span: Span) -> Span {
    Span::from_nanos(span.as_nanos() + 1)
}

/// A hold lives for 1 ns to 31 days.
#[test]
fn lives_of_holds() {
    let id = Id::from_u128(1);
    for ttl in [Span::from_nanos(1), HOLD_TTL_MAX] {
        assert_eq!(Hold::new(id, ttl).map(Hold::ttl), Some(ttl));
    }
    for ttl in [Span::ZERO, more(HOLD_TTL_MAX), Span::NEVER] {
        assert_eq!(Hold::new(id, ttl), None);
    }
}

/// A key has at most 1,024 holds. The next one waits for the first that expires; charges pass.
#[test]
fn holds_of_a_key() {
    let policy = alone(Limit::token_bucket("requests", UNITS_MAX, UNITS_MAX, SECOND).unwrap());
    let (mut record, one) = (Record::new(&policy), policy.costs([]).unwrap());
    let mut hold = |id: u64, now: Timestamp| {
        let hold = Hold::new(Id::from_u128(id.into()), Span::from_secs(60 + id)).unwrap();
        let operation = Acquire::new(one).held(hold).into();
        let decision = policy.apply(&mut record, &operation, now);
        (decision.effect(), decision.retry_after(), decision.limits().next().unwrap().verdict)
    };
    let max = HOLDS_MAX as u64;
    for id in 0..max {
        assert_eq!(hold(id, NOW).0, Effect::Held, "{id}");
    }
    // The limit has room; the key has not.
    assert_eq!(hold(max, NOW), (Effect::None, Span::from_secs(60), Verdict::Allowed));
    let later = NOW.plus(Span::from_secs(60));
    assert_eq!(hold(max, later).0, Effect::Held);
    let charge = one.into();
    assert_eq!(policy.apply(&mut record, &charge, later).effect(), Effect::Charged);
}

/// A share is 1 to 1,000 thousandths, a factor of a reduction 0 to 999.
#[test]
fn thousandths() {
    let taken = |permille| Share::from_permille(permille).is_some();
    assert_eq!([0, 1, 1_000, 1_001, u16::MAX].map(taken), [false, true, true, false, false]);
    let taken = |permille| ReduceFactor::from_permille(permille).is_some();
    assert_eq!([0, 999, 1_000, u16::MAX].map(taken), [true, true, false, false]);
}

/// A capacity that is set live is 1 to 2^53 - 1 units per 1 ns to 2^62 - 1 ns.
#[test]
fn capacities_set_live() {
    let taken = |units, period| CapacitySetting::new(units, period).is_some();
    assert!(taken(1, Span::from_nanos(1)) && taken(UNITS_MAX, Span::MAX));
    assert!(!taken(0, SECOND) && !taken(UNITS_MAX + 1, SECOND) && !taken(u64::MAX, SECOND));
    assert!(!taken(1, Span::ZERO) && !taken(1, more(Span::MAX)) && !taken(1, Span::NEVER));
}

/// A note has at most 64 bytes of source and 256 bytes of reason.
#[test]
fn notes() {
    let text = |bytes| "n".repeat(bytes);
    let (source, reason) = (text(SOURCE_BYTES_MAX), text(REASON_BYTES_MAX));
    let note = Note::new(&source, &reason).unwrap();
    assert_eq!((note.source(), note.reason()), (&*source, &*reason));
    assert!(Note::new("", "").is_some());
    assert_eq!(Note::new(&text(SOURCE_BYTES_MAX + 1), ""), None);
    assert_eq!(Note::new("", &text(REASON_BYTES_MAX + 1)), None);
}

/// A log remembers 1,024 charges. The next one waits until the oldest leaves, whatever the limit.
#[test]
fn entries_of_a_log() {
    let algorithm = tollgate_core::Algorithm::SlidingLog { limit: UNITS_MAX, period: SECOND };
    let policy = alone(Limit::new("requests", algorithm).unwrap());
    let (mut record, one) = (Record::new(&policy), policy.costs([]).unwrap().into());
    let mut ask = |policy: &Policy, nanos: u64| {
        let decision = policy.apply(&mut record, &one, NOW.plus(Span::from_nanos(nanos)));
        (decision.verdict(), decision.retry_after())
    };
    let max = LOG_ENTRIES_MAX as u64;
    for nanos in 0..max {
        assert_eq!(ask(&policy, nanos), (Verdict::Allowed, Span::ZERO), "{nanos}");
    }
    let wait = SECOND.as_nanos() - max;
    assert_eq!(ask(&policy, max), (Verdict::Limited, Span::from_nanos(wait)));
    assert_eq!(ask(&policy, max + wait).0, Verdict::Allowed);
}
