//! Keys in the store of the component's host: what the vectors say, byte by byte, with as few calls as
//! there can be.

use tollgate_core::{Limit, Operation, Policy, Span};

use crate::applied::{expected, said};
use crate::stored_limiter::{Fault, Stored};
use crate::vectors::format::{Vector, files, unhex};

const SECOND_NS: u64 = 1_000_000_000;
const NOW_NS: u64 = 1_800_000_000 * SECOND_NS;

/// Runs a vector on a key; says how many steps it has.
fn run(component: &mut Stored, file: &str, vector: Vector) -> usize {
    component.store.data_mut().records.insert("it".to_owned(), vector.record());
    let mut policy = vector.policy.policy();
    let mut id = component.open_policy(&policy);
    let count = vector.steps.len();
    for mut step in vector.steps {
        if let Some(text) = step.policy.take() {
            policy = text.policy();
            id = component.open_policy(&policy);
        }
        let operation = step.operation.operation(&policy);
        let decision = component.apply(id, "it", &operation, step.now_ns).unwrap();
        let record = &component.store.data().records["it"];
        let wanted = expected(step.expect);
        assert_eq!(said(&decision, record), wanted, "{file}: {} {}", vector.why, step.why);
        assert!(decision.record.is_none_or(|written| written == unhex(&wanted.record)));
    }
    count
}

/// Every step of every vector gives the decision, the numbers and the bytes that stand there, and these
/// bytes are what lies in the store.
#[test]
fn stored_limiters_do_what_the_vectors_say() {
    for file in files() {
        let mut component = Stored::new();
        let vectors = file.vectors.into_iter();
        let steps: usize = vectors.map(|it| run(&mut component, file.name, it)).sum();
        assert!(steps >= file.steps_min, "{} has lost steps: {steps} are left", file.name);
    }
}

/// What lets through costs a load and a swap, what doesn't costs a load, and conflicts cost both again;
/// the store is told for how long what it was given matters.
#[test]
fn the_store_is_asked_as_seldom_as_can_be() {
    let (mut component, policy) = (Stored::new(), bucket());
    let id = component.open_policy(&policy);
    let all: Operation = policy.costs_in_order(&[2]).unwrap().into();
    let peek = policy.no_costs().into();
    let rows = [(&peek, 0, (1, 0)), (&all, 3, (4, 4)), (&all, 0, (1, 0)), (&peek, 0, (1, 0))];
    for (operation, conflicts, calls) in rows {
        let store = component.store.data_mut();
        (store.loads, store.swaps, store.fault) = (0, 0, Fault::Conflicts(conflicts));
        component.apply(id, "alice", operation, NOW_NS).unwrap();
        let store = component.store.data();
        assert_eq!((store.loads, store.swaps), calls, "{operation:?}");
    }
    assert_eq!(component.store.data().waits, [1, 2, 3]);
    assert_eq!(component.store.data().forget_after_ns, 2 * SECOND_NS);
}

/// Two at once, and one more per second.
pub(crate) fn bucket() -> Policy {
    let limit = Limit::token_bucket("units", 2, 1, Span::from_secs(1));
    Policy::new([limit.unwrap()]).unwrap()
}
