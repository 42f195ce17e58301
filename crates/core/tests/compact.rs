//! A record in memory decides as the record of bytes does, and is as small as it says.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../../../tests/vectors/format.rs"]
#[allow(dead_code, reason = "what is expected is compared with the record itself")]
mod format;

use format::{PolicyText, Vector, files};
use tollgate_core::{
    CompactRecord, Effect, Limit, LimitStatus, Operation, Policy, Record, Span, Timestamp, Verdict,
};

/// Everything that is said of a decision.
fn said(decision: &tollgate_core::Decision<'_>) -> (String, bool, Vec<LimitStatus>) {
    let verdict = format!("{:?} {:?}", decision.verdict(), decision.effect());
    (verdict, decision.changed(), decision.limits().collect())
}

fn run(vector: Vector) -> usize {
    let bytes = vector.record();
    let mut policy = vector.policy.policy();
    let mut record = Record::decode(&policy, &bytes).unwrap();
    let mut compact = CompactRecord::of(&policy, record.clone());
    let count = vector.steps.len();
    for step in vector.steps {
        if let Some(changed) = step.policy.map(PolicyText::policy) {
            record = Record::decode(&changed, &record.encode(&policy)).unwrap();
            (compact, policy) = (CompactRecord::of(&changed, record.clone()), changed);
        }
        let operation = step.operation.operation(&policy);
        let now = Timestamp::from_nanos(step.now_ns);
        let before = compact.clone();
        let mut plain = compact.clone();
        let expected = said(&policy.apply(&mut record, &operation, now));
        check_plain(&mut plain, &policy, &operation, now, &expected);
        let told = compact.apply(&policy, &operation, now, |decision| said(&decision));
        assert_eq!(told, expected, "{}: {}", vector.why, step.why);
        assert_eq!(compact, CompactRecord::of(&policy, record.clone()), "{}", step.why);
        assert!(plain == compact || plain == before, "{}: all of it or nothing", step.why);
        assert_eq!(compact.forget_after(&policy, now), record.forget_after(&policy, now));
    }
    count
}

/// The short way says what the long one does, wherever it is gone.
fn check_plain(
    record: &mut CompactRecord,
    policy: &Policy,
    operation: &Operation,
    now: Timestamp,
    expected: &(String, bool, Vec<LimitStatus>),
) {
    let Operation::Acquire(acquire) = operation else { return };
    let Some(plain) = record.decide_plain(policy, acquire, now) else { return };
    let is_allowed = plain.verdict() == Verdict::Allowed;
    let effect = if is_allowed { Effect::Charged } else { Effect::None };
    let verdict = format!("{:?} {effect:?}", plain.verdict());
    assert_eq!(&(verdict, is_allowed, vec![plain.status()]), expected);
}

/// Through every step of every vector, both forms say the same and come to the same record.
#[test]
fn it_decides_as_the_record_does() {
    for file in files() {
        let steps: usize = file.vectors.into_iter().map(run).sum();
        assert!(steps >= file.steps_min, "{} has lost steps: {steps} are left", file.name);
    }
}

/// The short way is the one that most requests go: plain ones, for the units of one meter.
#[test]
fn a_plain_request_goes_the_short_way() {
    let policy = Policy::new([Limit::gcra("requests", 3, Span::from_secs(1), 3).unwrap()]).unwrap();
    let asked = |units| policy.costs([("requests", units)]).unwrap().into();
    let now = Timestamp::from_secs(1_800_000_000);
    let mut record = CompactRecord::new(&policy);
    let mut verdict = |units| record.decide_plain(&policy, &asked(units), now).unwrap().verdict();
    let verdicts = [1, 2, 1, 4].map(&mut verdict);
    use Verdict::{Allowed, Impossible, Limited};
    assert_eq!(verdicts, [Allowed, Allowed, Limited, Impossible]);
}

/// What a key costs in memory is three words, however large a record is.
#[test]
fn it_is_small() {
    assert_eq!(size_of::<CompactRecord>(), 24);
    let policy = Policy::new([Limit::gcra("requests", 1, Span::from_secs(1), 1).unwrap()]).unwrap();
    let idle = CompactRecord::new(&policy).forget_after(&policy, Timestamp::EPOCH);
    assert_eq!(idle, Span::ZERO, "a key that was never seen need not be kept");
}
