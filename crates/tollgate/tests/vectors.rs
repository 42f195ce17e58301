//! The shared vectors (`tests/vectors/README.md` tells the format), run on the keyed limiter.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../../../tests/vectors/format.rs"]
#[allow(dead_code, reason = "some of it is for records that are bytes")]
mod format;
#[path = "../../../tests/vectors/said.rs"]
mod said;

use format::{Vector, files, unhex};
use said::said;
use tollgate::{Limiter, ManualClock, Timestamp};

/// So many of the steps there are begin with a key that was never seen, and keep their policy.
const STEPS_MIN: usize = 594;

/// A limiter starts without keys and keeps one policy: the vectors that begin with a record, or change
/// the policy, are not about it.
fn applies(vector: &Vector) -> bool {
    vector.record() == [1] && vector.steps.iter().all(|step| step.policy.is_none())
}

/// Runs a vector on a limiter; says how many steps it has.
fn run(file: &str, vector: Vector) -> usize {
    let mut before = vector.record();
    let policy = vector.policy.policy();
    let limiter = Limiter::with_clock(policy.clone(), 1_000, ManualClock::default());
    let count = vector.steps.len();
    for step in vector.steps {
        limiter.clock().set(Timestamp::from_nanos(step.now_ns));
        let operation = step.operation.operation(&policy);
        let said = limiter.apply("it", &operation, |decision| said(&policy, &decision, &before));
        assert_eq!(said.unwrap(), step.expect, "{file}: {} {}", vector.why, step.why);
        before = unhex(&step.expect.record);
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
