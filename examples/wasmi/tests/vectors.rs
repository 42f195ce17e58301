//! The shared vectors (`tests/vectors/README.md`), run on the module in wasmi.

use tollgate_core::Operation;
use tollgate_example_wasmi::{Decision, LimitStatus, Limiter};

use crate::format::{CapacityText, Expected, Standing, Vector, files, hex, unhex};
use crate::transcript::Transcript;
use crate::{fields, limiter};

const VERDICTS: [&str; 3] = ["allowed", "limited", "impossible"];
const EFFECTS: [&str; 9] =
    ["none", "charged", "held", "repeated", "settled", "released", "renewed", "no-hold", "changed"];

fn standing(status: &LimitStatus) -> Standing {
    Standing {
        verdict: VERDICTS[usize::from(status.verdict)].to_owned(),
        limit: status.limit,
        remaining: status.remaining,
        held: status.held,
        retry_after_ns: status.retry_after_ns,
        reset_after_ns: status.reset_after_ns,
        delay_ns: status.delay_ns,
        capacity: status.capacity.map(|it| CapacityText {
            capacity: it.capacity,
            original: it.original,
            per_ns: it.period_ns,
        }),
    }
}

fn said(decision: &Decision, before: &[u8]) -> Expected {
    Expected {
        verdict: VERDICTS[usize::from(decision.verdict)].to_owned(),
        effect: EFFECTS[usize::from(decision.effect)].to_owned(),
        changed: decision.record.is_some(),
        retry_after_ns: decision.retry_after_ns,
        limits: decision.limits.iter().map(standing).collect(),
        record: hex(decision.record.as_deref().unwrap_or(before)),
    }
}

/// A request that costs alone are charged of is decided the same by the call that asks for no more.
fn is_plain(operation: &Operation) -> bool {
    let Operation::Acquire(asked) = operation else { return false };
    asked.hold.is_none() && asked.once.is_none() && asked.share.as_permille() == 1_000
}

/// Runs a vector; says how many steps it has.
fn run(limiter: &mut Limiter, file: &str, vector: Vector, transcript: &mut Transcript) -> usize {
    let mut record = vector.record();
    let mut policy = vector.policy.policy();
    let count = vector.steps.len();
    for step in vector.steps {
        policy = step.policy.map_or(policy, |text| text.policy());
        let limits: Vec<_> = policy.limits().iter().map(fields::limit).collect();
        let id = limiter.open(&limits).unwrap();
        let operation = step.operation.operation(&policy);
        let asked = fields::operation(&operation);
        let decision = limiter.apply(id, &record, &asked, step.now_ns).unwrap();
        if is_plain(&operation) {
            assert_eq!(limiter.acquire(id, &record, step.now_ns).unwrap(), decision);
        }
        limiter.close(id).unwrap();
        let said = said(&decision, &record);
        assert_eq!(said, step.expect, "{file}: {} {}", vector.why, step.why);
        transcript.add(file, &said);
        record = unhex(&step.expect.record);
    }
    count
}

/// Every step of every vector gives the decision, the numbers and the bytes that stand there.
#[test]
fn the_module_does_what_the_vectors_say() {
    let (mut limiter, mut transcript) = (limiter(), Transcript::default());
    for file in files() {
        let run = |vector| run(&mut limiter, file.name, vector, &mut transcript);
        let steps: usize = file.vectors.into_iter().map(run).sum();
        assert!(steps >= file.steps_min, "{} has lost steps: {steps} are left", file.name);
    }
    transcript.write("wasmi");
}
