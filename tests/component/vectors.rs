//! The shared vectors (`tests/vectors/README.md`), run on the component in wasmtime: one by one, and
//! where they just charge costs as batches too.

#[path = "../vectors/component_said.rs"]
mod component_said;
#[path = "../vectors/format.rs"]
pub(crate) mod format;

use component_said::said;
use format::{Expected, Step, Vector, files, hex, unhex};
use tollgate_core::Operation;

use crate::limiter::{Limiter, wit};
use crate::to_wit;

/// A vector that runs on the component.
struct Run {
    limiter: Limiter,
    policy: u32,
    /// What lies in the store.
    record: Vec<u8>,
}

impl Run {
    /// A batch of one decides as the call alone.
    fn batched(&mut self, costs: &[u64], now_ns: u64, expected: &Expected) {
        let batch = wit::Batch {
            records: self.record.clone(),
            record_lengths: vec![self.record.len() as u32],
            costs: costs.to_vec(),
            times: vec![now_ns],
        };
        let said = self.limiter.decide_batch(self.policy, &batch).unwrap();
        let codes = ["allowed", "limited", "impossible"];
        let code = codes.iter().position(|word| **word == expected.verdict).unwrap();
        assert_eq!(said.verdicts, [code as u8]);
        let numbers = expected.limits.iter().flat_map(|limit| {
            [limit.limit, limit.remaining, limit.retry_after_ns, limit.reset_after_ns]
        });
        assert_eq!(said.numbers, numbers.collect::<Vec<_>>());
        assert_eq!(said.record_lengths, [said.records.len() as u32]);
        assert_eq!(!said.records.is_empty(), expected.changed);
        if expected.changed {
            assert_eq!(hex(&said.records), expected.record);
        }
    }

    fn step(&mut self, step: Step, operation: &Operation, why: &str) {
        let asked = to_wit::operation(operation);
        let record = Some(&*self.record);
        let decision = self.limiter.apply(self.policy, record, &asked, step.now_ns).unwrap();
        let said = said(&decision, &self.record, |record, position| {
            self.limiter.capacity(self.policy, record, position, step.now_ns)
        });
        assert_eq!(said, step.expect, "{why} {}", step.why);
        if let wit::Operation::Acquire(it) = &asked
            && (it.hold.is_none() && it.once.is_none() && it.share_permille == 1_000)
        {
            self.batched(&it.costs, step.now_ns, &step.expect);
        }
        self.record = unhex(&step.expect.record);
    }
}

/// Runs a vector; says how many steps it has.
fn run(file: &str, vector: Vector) -> usize {
    let record = vector.record();
    let mut policy = vector.policy.policy();
    let mut limiter = Limiter::new();
    let id = limiter.open(&policy);
    let mut run = Run { limiter, policy: id, record };
    let count = vector.steps.len();
    for mut step in vector.steps {
        if let Some(text) = step.policy.take() {
            policy = text.policy();
            run.policy = run.limiter.open(&policy);
        }
        let operation = step.operation.operation(&policy);
        run.step(step, &operation, &format!("{file}: {}", vector.why));
    }
    count
}

/// Every step of every vector gives the decision, the numbers and the bytes that stand there.
#[test]
fn the_component_does_what_the_vectors_say() {
    for file in files() {
        let steps: usize = file.vectors.into_iter().map(|vector| run(file.name, vector)).sum();
        assert!(steps >= file.steps_min, "{} has lost steps: {steps} are left", file.name);
    }
}
