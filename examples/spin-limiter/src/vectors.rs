//! The shared vectors (`tests/vectors/README.md`), asked of the limiter that this component is composed with.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../../../tests/vectors/component_said.rs"]
mod component_said;
#[path = "../../../tests/vectors/format.rs"]
mod format;
#[path = "../../../crates/component/to_wit.rs"]
mod to_wit;
#[path = "../../../tests/vectors/transcript.rs"]
mod transcript;

use tollgate_core::Policy;

use self::component_said::said;
use self::format::{Vector, files, unhex};
use self::transcript::Transcript;
use crate::wit;

/// All that the limiter said, or the first step at which that is not what it should be.
pub(crate) fn run() -> Result<String, String> {
    let mut transcript = Transcript::default();
    for file in files() {
        let mut steps = 0;
        for vector in file.vectors {
            steps += run_vector(file.name, vector, &mut transcript)?;
        }
        if steps < file.steps_min {
            return Err(format!("{} has lost steps: {steps} are left", file.name));
        }
    }
    Ok(transcript.text().to_owned())
}

/// Runs a vector; says how many steps it has.
fn run_vector(file: &str, vector: Vector, transcript: &mut Transcript) -> Result<usize, String> {
    let mut before = vector.record();
    let mut policy = vector.policy.policy();
    let mut id = open(&policy);
    let count = vector.steps.len();
    for given in vector.steps {
        if let Some(text) = given.policy {
            policy = text.policy();
            wit::close_policy(id);
            id = open(&policy);
        }
        let operation = to_wit::operation(&given.operation.operation(&policy));
        let decision = wit::apply(id, Some(&before), &operation, given.now_ns).unwrap();
        let capacity = |record: &[u8], position| {
            wit::capacity_of(id, Some(record), position, given.now_ns).unwrap()
        };
        let said = said(&decision, &before, capacity);
        if said != given.expect {
            let (wanted, why) = (&given.expect, &given.why);
            return Err(format!("{file}: {} {why}: {said:?} and not {wanted:?}", vector.why));
        }
        transcript.add(file, &said);
        before = unhex(&given.expect.record);
    }
    wit::close_policy(id);
    Ok(count)
}

fn open(policy: &Policy) -> wit::PolicyId {
    wit::open_policy(&policy.limits().iter().map(to_wit::limit).collect::<Vec<_>>()).unwrap()
}
