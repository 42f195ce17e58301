//! Batches, and arguments that the component refuses.

use tollgate_core::{Limit, Policy, Span};

use crate::limiter::{Limiter, charge, wit};

#[test]
fn a_batch_decides_each_request_as_if_alone() {
    let mut limiter = Limiter::new();
    let budget = Limit::token_bucket("units", 3, 0, Span::from_secs(1));
    let policy = Policy::new([budget.unwrap()]).unwrap();
    let id = limiter.open(&policy);
    let one_left = limiter.apply(id, None, &charge(&[2]), 0).unwrap().record.unwrap();
    let batch = wit::Batch {
        records: [one_left.clone(), one_left.clone()].concat(),
        record_lengths: vec![23, 0, 23, 0],
        costs: vec![1, 1, 2, 4],
        times: vec![0; 4],
    };
    let decisions = limiter.decide_batch(id, &batch).unwrap();
    assert_eq!(decisions.verdicts, [0, 0, 1, 2]);
    assert_eq!(decisions.record_lengths, [23, 23, 0, 0]);
    let remaining: Vec<_> = decisions.numbers.chunks(4).map(|limit| limit[1]).collect();
    assert_eq!(remaining, [0, 2, 1, 3]);
    let alone = limiter.apply(id, Some(&one_left), &charge(&[1]), 0).unwrap().record.unwrap();
    assert_eq!(decisions.records[..23], alone);
}

#[test]
fn bad_arguments_are_errors_and_never_traps() {
    let mut limiter = Limiter::new();
    let policy = Policy::new([]).unwrap();
    let none = limiter.open(&policy);
    let unknown = limiter.apply(none + 1, None, &charge(&[]), 0);
    assert!(matches!(unknown, Err(wit::DecideError::UnknownPolicy)));
    assert!(matches!(limiter.apply(none, None, &charge(&[1]), 0), Err(wit::DecideError::Costs)));
    for bytes in [&[][..], &[9], &[1, 0], &[1; 23]] {
        let corrupt = limiter.apply(none, Some(bytes), &charge(&[]), u64::MAX);
        assert!(matches!(corrupt, Err(wit::DecideError::Corrupt(_))), "{bytes:?}");
    }
    let batch = |records: usize, lengths: &[u32], costs: usize, times: usize| wit::Batch {
        records: vec![1; records],
        record_lengths: lengths.to_vec(),
        costs: vec![0; costs],
        times: vec![0; times],
    };
    for uneven in [
        batch(0, &[0], 0, 2),
        batch(0, &[0], 1, 1),
        batch(1, &[2], 0, 1),
        batch(2, &[1], 0, 1),
        batch(0, &[u32::MAX, u32::MAX], 0, 2),
    ] {
        let error = limiter.decide_batch(none, &uneven);
        assert!(matches!(error, Err(wit::DecideError::Lengths)), "{uneven:?}");
    }
    assert!(limiter.apply(none, None, &charge(&[]), u64::MAX).is_ok(), "the instance lives on");
}

#[test]
fn policies_are_validated_bounded_and_closed() {
    let mut limiter = Limiter::new();
    let zero = wit::TokenBucket { capacity: 0, refill: 1, period: 1, initial: 0 };
    let bad = wit::Limit {
        name: "x".into(),
        algorithm: wit::Algorithm::TokenBucket(zero),
        shadow: false,
        overrun: wit::Overrun::Debt,
    };
    let exports = limiter.component.tollgate_limiter_limiter();
    let error = exports.call_open_policy(&mut limiter.store, &[bad]).unwrap();
    assert!(matches!(error, Err(wit::OpenError::Limit((0, wit::LimitProblem::Capacity)))));
    for id in 0..1024 {
        assert_eq!(exports.call_open_policy(&mut limiter.store, &[]).unwrap().unwrap(), id);
    }
    let full = exports.call_open_policy(&mut limiter.store, &[]).unwrap();
    assert!(matches!(full, Err(wit::OpenError::TooManyPolicies)));
    exports.call_close_policy(&mut limiter.store, 7).unwrap();
    exports.call_close_policy(&mut limiter.store, 9_999).unwrap();
    assert_eq!(exports.call_open_policy(&mut limiter.store, &[]).unwrap().unwrap(), 7);
}

/// What crosses the border beside costs is checked too, and named by the error.
#[test]
fn numbers_of_operations_are_checked() {
    let mut limiter = Limiter::new();
    let slots = Limit::concurrency("slots", 1).unwrap();
    let id = limiter.open(&Policy::new([slots]).unwrap());
    let hold = |ttl| wit::Hold { id: wit::Id { high: 0, low: 1 }, ttl };
    let acquire = |share_permille, ttl| {
        let (costs, hold) = (vec![1], Some(hold(ttl)));
        wit::Operation::Acquire(wit::Acquire { costs, share_permille, hold, once: None })
    };
    let note = |reason: usize| wit::Note { source: String::new(), reason: "x".repeat(reason) };
    let set = |capacity| wit::SetCapacity { limit: 0, capacity, note: note(256) };
    let reduce = |factor_permille, reason| {
        wit::Operation::Reduce(wit::Reduce { limit: 0, factor_permille, note: note(reason) })
    };
    let rows = [
        (acquire(0, 1), wit::DecideError::Share),
        (acquire(1_001, 1), wit::DecideError::Share),
        (acquire(1_000, 0), wit::DecideError::Ttl),
        (acquire(1_000, u64::MAX), wit::DecideError::Ttl),
        (wit::Operation::Renew(hold(0)), wit::DecideError::Ttl),
        (wit::Operation::Penalise(vec![u64::MAX]), wit::DecideError::Costs),
        (wit::Operation::SetCapacity(set(Some((0, 1)))), wit::DecideError::Capacity),
        (wit::Operation::SetCapacity(set(Some((1, 0)))), wit::DecideError::Capacity),
        (reduce(1_000, 0), wit::DecideError::Factor),
        (reduce(999, 257), wit::DecideError::Note),
    ];
    for (operation, expected) in rows {
        let error = limiter.apply(id, None, &operation, 0).unwrap_err();
        assert_eq!(format!("{error:?}"), format!("{expected:?}"), "{operation:?}");
    }
    let taken = limiter.apply(id, None, &acquire(1_000, 1), 0).unwrap();
    assert_eq!(taken.effect, wit::Effect::Held);
    let record = taken.record.unwrap();
    let forget = limiter.component.tollgate_limiter_limiter();
    let after = forget.call_forget_after(&mut limiter.store, id, &record, 0).unwrap();
    assert_eq!(after.unwrap(), 1, "when its only hold expires");
}
