//! What fuzzing found.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use tollgate_core::{
    Acquire, Algorithm, CapacitySetting, Hold, Id, Limit, Note, Operation, Overrun, Policy, Record,
    Recovery, Span, Timestamp, Verdict,
};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
const MINUTE: Span = Span::from_secs(60);

fn policy(name: &str, algorithm: Algorithm) -> Policy {
    Policy::new([Limit::new(name, algorithm).unwrap()]).unwrap()
}

/// A key that was reset says at once what it says a moment later: where a limit begins with nothing,
/// that nothing is left.
#[test]
fn a_reset_key_begins_as_a_new_one_does() {
    let bucket = Algorithm::TokenBucket { capacity: 10, refill: 1, period: MINUTE, initial: 0 };
    let policy = policy("requests", bucket);
    let mut record = Record::new(&policy);
    let reset = policy.apply(&mut record, &Operation::Reset, NOW).limits().next().unwrap();
    assert_eq!(reset.remaining, 0);
    let peek = policy.no_costs().into();
    assert_eq!(policy.apply(&mut record, &peek, NOW).limits().next().unwrap(), reset);
}

/// A record with two holds of one id is corrupt: ending it would end only one of them.
#[test]
fn a_record_has_each_hold_once() {
    let policy = policy("slots", Algorithm::Concurrency { slots: 4 });
    let mut record = Record::new(&policy);
    let hold = Hold::new(Id::from_u128(7), MINUTE).unwrap();
    let held = Acquire::new(policy.costs([]).unwrap()).held(hold).into();
    policy.apply(&mut record, &held, NOW);
    let mut bytes = record.encode(&policy);
    assert!(Record::decode(&policy, &bytes).is_ok());
    bytes.extend_from_within(1..);
    assert!(Record::decode(&policy, &bytes).is_err());
}

/// To settle for more than there will be room for before the hold expires is never possible: a wait
/// that ends after that would end with nothing to settle.
#[test]
fn a_settle_is_not_told_to_wait_for_longer_than_its_hold() {
    let bucket = Algorithm::TokenBucket { capacity: 10, refill: 10, period: MINUTE, initial: 10 };
    let limit = Limit::new("requests", bucket).unwrap().with_overrun(Overrun::Refuse);
    let policy = Policy::new([limit]).unwrap();
    // 9 are used up; 6 are wanted, and one comes back every 6 s.
    for (ttl_secs, wait) in [(31, Span::from_secs(30)), (30, Span::NEVER)] {
        let mut record = Record::new(&policy);
        let hold = Hold::new(Id::from_u128(7), Span::from_secs(ttl_secs)).unwrap();
        let costs = |units| policy.costs([("requests", units)]).unwrap();
        policy.apply(&mut record, &costs(9).into(), NOW);
        policy.apply(&mut record, &Acquire::new(costs(1)).held(hold).into(), NOW);
        let settle = Operation::Settle { hold: hold.id(), costs: Some(costs(6)) };
        let decision = policy.apply(&mut record, &settle, NOW);
        assert_eq!((decision.verdict(), decision.retry_after()), (Verdict::Limited, wait));
    }
}

fn adaptive(capacity: u64) -> Policy {
    let recovery = Recovery::default();
    policy("requests", Algorithm::Adaptive { capacity, period: MINUTE, recovery })
}

fn note() -> Note {
    Note::new("operator", "less is allowed now").unwrap()
}

/// Whoever owes a large capacity owes no more than the small one that is set then: one capacity of
/// debt and one to fill are two periods.
#[test]
fn debt_shrinks_with_the_capacity() {
    let policy = adaptive(1_000);
    let mut record = Record::new(&policy);
    let penalty = Operation::Penalise(policy.costs([("requests", 2_000)]).unwrap());
    policy.apply(&mut record, &penalty, NOW);
    let capacity = CapacitySetting::new(1, MINUTE);
    let set = Operation::SetCapacity { limit: 0, capacity, note: note() };
    let status = policy.apply(&mut record, &set, NOW).limits().next().unwrap();
    assert_eq!(status.reset_after, Span::from_secs(120));
}

/// The same where the policy is what changed.
#[test]
fn debt_shrinks_with_the_policy() {
    let (large, small) = (adaptive(1_000), adaptive(1));
    let mut record = Record::new(&large);
    let penalty = Operation::Penalise(large.costs([("requests", 2_000)]).unwrap());
    large.apply(&mut record, &penalty, NOW);
    let mut carried = Record::decode(&small, &record.encode(&large)).unwrap();
    let peek = small.no_costs().into();
    let decision = small.apply(&mut carried, &peek, NOW);
    assert!(decision.changed());
    assert_eq!(decision.limits().next().unwrap().reset_after, Span::from_secs(120));
}

/// A capacity that was reduced to nothing is never written, and would never recover.
#[test]
fn a_reduction_leaves_something() {
    let policy = adaptive(1_000);
    let mut record = Record::new(&policy);
    let factor = tollgate_core::ReduceFactor::from_permille(0).unwrap();
    let reduce = Operation::Reduce { limit: 0, factor, note: note() };
    policy.apply(&mut record, &reduce, NOW);
    let bytes = record.encode(&policy);
    let to = 1_u64.to_le_bytes();
    let at = bytes.windows(8).position(|window| window == to).unwrap();
    let mut damaged = bytes.clone();
    damaged[at] = 0;
    assert!(Record::decode(&policy, &bytes).is_ok());
    assert!(Record::decode(&policy, &damaged).is_err());
}
