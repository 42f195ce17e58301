//! The shared vectors (`tests/vectors/README.md` tells the format), run on the core itself.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../../../tests/vectors/format.rs"]
mod format;

use format::{Expected, File, Standing, hex, unhex};
use tollgate_core::{Decision, Policy, Record, Timestamp, Verdict};

/// What a decision says, as the vectors spell it.
fn said(policy: &Policy, decision: &Decision<'_>) -> Expected {
    let verdict = match decision.verdict() {
        Verdict::Allowed => "allowed",
        Verdict::Limited => "limited",
        Verdict::Impossible => "impossible",
    };
    let standing = |status: tollgate_core::LimitStatus| Standing {
        limit: status.limit,
        remaining: status.remaining,
        retry_after_ns: status.retry_after.as_nanos(),
        reset_after_ns: status.reset_after.as_nanos(),
    };
    Expected {
        verdict: verdict.to_owned(),
        changed: decision.changed(),
        limits: decision.limits().map(standing).collect(),
        record: hex(&decision.record().encode(policy)),
    }
}

/// Every step of every vector gives the verdict, the numbers and the bytes that stand there.
#[test]
fn the_core_does_what_the_vectors_say() {
    let mut steps = 0;
    for vector in File::meter().vectors {
        let mut policy = vector.policy.policy();
        let mut bytes = match &vector.record {
            Some(text) => unhex(text),
            None => Record::new(&policy).encode(&policy),
        };
        for step in vector.steps {
            if let Some(text) = step.policy {
                policy = text.policy();
            }
            let mut record = Record::decode(&policy, &bytes).unwrap();
            let costs = policy.costs_in_order(&step.costs).unwrap().into();
            let decision = policy.apply(&mut record, &costs, Timestamp::from_nanos(step.now_ns));
            let said = said(&policy, &decision);
            assert_eq!(said, step.expect, "{} {}", vector.why, step.why);
            bytes = unhex(&said.record);
            steps += 1;
        }
    }
    // A file that lost its rows would pass as well.
    assert!(steps >= 50, "only {steps} steps");
}
