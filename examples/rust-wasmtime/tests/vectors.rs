//! The shared vectors (`tests/vectors/README.md`), run on the component in wasmtime.

use tollgate_example_rust_wasmtime::{Bounds, Limiter};

use crate::component;
use crate::component_said::said;
use crate::format::{Expected, Vector, files, unhex};
use crate::to_wit;
use crate::transcript::Transcript;
use crate::wit;

/// Does one step; says what was said.
fn step(
    limiter: &mut Limiter,
    policy: u32,
    before: &[u8],
    operation: &wit::Operation,
    now_ns: u64,
) -> Expected {
    let decision = limiter.apply(policy, Some(before), operation, now_ns).unwrap();
    said(&decision, before, |record, position| {
        limiter.capacity_of(policy, record, position, now_ns).unwrap()
    })
}

/// Runs a vector; says how many steps it has.
fn run(limiter: &mut Limiter, file: &str, vector: Vector, transcript: &mut Transcript) -> usize {
    let mut record = vector.record();
    let mut policy = vector.policy.policy();
    let open = |limiter: &mut Limiter, policy: &tollgate_core::Policy| {
        limiter.open(&policy.limits().iter().map(to_wit::limit).collect::<Vec<_>>()).unwrap()
    };
    let mut id = open(limiter, &policy);
    let count = vector.steps.len();
    for given in vector.steps {
        if let Some(text) = given.policy {
            policy = text.policy();
            id = open(limiter, &policy);
        }
        let operation = to_wit::operation(&given.operation.operation(&policy));
        let said = step(limiter, id, &record, &operation, given.now_ns);
        assert_eq!(said, given.expect, "{file}: {} {}", vector.why, given.why);
        transcript.add(file, &said);
        record = unhex(&given.expect.record);
    }
    count
}

/// Every step of every vector gives the decision, the numbers and the bytes that stand there.
#[test]
fn the_component_does_what_the_vectors_say() {
    let mut limiter = component().start(Bounds::default()).unwrap();
    let mut transcript = Transcript::default();
    for file in files() {
        let run = |vector| run(&mut limiter, file.name, vector, &mut transcript);
        let steps: usize = file.vectors.into_iter().map(run).sum();
        assert!(steps >= file.steps_min, "{} has lost steps: {steps} are left", file.name);
    }
    transcript.write("wasmtime");
}
