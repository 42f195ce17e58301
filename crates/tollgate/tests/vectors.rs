//! The shared vectors (`tests/vectors/README.md` tells the format), run on the keyed limiter.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../../../tests/vectors/format.rs"]
#[allow(dead_code, reason = "some of it is for records that are bytes")]
mod format;

use format::{CapacityText, Expected, Standing, Vector, files, hex};
use tollgate::{Decision, Effect, LimitStatus, Limiter, ManualClock, Policy, Timestamp, Verdict};

/// So many of the steps there are begin with a key that was never seen, and keep their policy.
const STEPS_MIN: usize = 594;

/// As the vectors spell it.
fn verdict(verdict: Verdict) -> String {
    format!("{verdict:?}").to_lowercase()
}

fn effect(effect: Effect) -> String {
    match effect {
        Effect::NoHold => String::from("no-hold"),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn standing(decision: &Decision<'_>, index: usize, status: LimitStatus) -> Standing {
    Standing {
        verdict: verdict(status.verdict),
        limit: status.limit,
        remaining: status.remaining,
        held: status.held,
        retry_after_ns: status.retry_after.as_nanos(),
        reset_after_ns: status.reset_after.as_nanos(),
        delay_ns: status.delay.as_nanos(),
        capacity: decision.capacity(index).map(|it| CapacityText {
            capacity: it.capacity,
            original: it.original,
            per_ns: it.period.as_nanos(),
        }),
    }
}

/// What a decision says, and the record's bytes; those `before` when it changes nothing.
fn said(policy: &Policy, decision: &Decision<'_>, before: &str) -> Expected {
    let after = decision.changed().then(|| hex(&decision.record().encode(policy)));
    let statuses = decision.limits().enumerate();
    Expected {
        verdict: verdict(decision.verdict()),
        effect: effect(decision.effect()),
        changed: decision.changed(),
        retry_after_ns: decision.retry_after().as_nanos(),
        limits: statuses.map(|(index, status)| standing(decision, index, status)).collect(),
        record: after.unwrap_or_else(|| before.to_owned()),
    }
}

/// A limiter starts without keys and keeps one policy: the vectors that begin with a record, or change
/// the policy, are not about it.
fn applies(vector: &Vector) -> bool {
    vector.record() == [1] && vector.steps.iter().all(|step| step.policy.is_none())
}

/// Runs a vector on a limiter; says how many steps it has.
fn run(file: &str, vector: Vector) -> usize {
    let policy = vector.policy.policy();
    let limiter = Limiter::with_clock(policy.clone(), 1_000, ManualClock::default());
    let count = vector.steps.len();
    let mut before = hex(&[1]);
    for step in vector.steps {
        limiter.clock().set(Timestamp::from_nanos(step.now_ns));
        let operation = step.operation.operation(&policy);
        let said = limiter.apply("it", &operation, |decision| said(&policy, &decision, &before));
        assert_eq!(said.unwrap(), step.expect, "{file}: {} {}", vector.why, step.why);
        before = step.expect.record;
    }
    count
}

/// Every step of every vector that a limiter can run gives the decision, the numbers and the bytes that
/// stand there.
#[test]
fn the_limiter_does_what_the_vectors_say() {
    let mut steps = 0;
    for file in files() {
        let vectors = file.vectors.into_iter().filter(applies);
        steps += vectors.map(|vector| run(file.name, vector)).sum::<usize>();
    }
    assert!(steps >= STEPS_MIN, "there were {STEPS_MIN} steps for a limiter: {steps} are left");
}
