//! What changes nothing: denials, peeks, and limits that only watch.

use proptest::prelude::*;
use tollgate_core::{Acquire, Costs, Limit, Operation, Policy, Record, Span, Verdict};

use crate::draw::{ALL, ANONYMOUS, ASKING, limits, policies, schedule};
use crate::support::{config, time};
use crate::world::{World, apply, at_every_step};

proptest! {
    #![proptest_config(config())]

    /// What says that nothing changed, and every denial among it, left the bytes as they were.
    #[test]
    fn unchanged_is_unchanged(policy in policies(), start in time(), steps in schedule(ALL)) {
        at_every_step(World::new(&policy, start), &steps, |world, operation| {
            let mut after = world.clone();
            let answer = after.apply(operation);
            prop_assert!(!answer.changed || answer.verdict == Verdict::Allowed);
            if !answer.changed {
                prop_assert_eq!(&after.record, &world.record);
                prop_assert_eq!(after.bytes(), world.bytes());
            }
            Ok(())
        })?;
    }

    /// A peek says what the next peek says, and changes nothing.
    #[test]
    fn a_peek_changes_nothing(policy in policies(), start in time(), steps in schedule(ALL)) {
        at_every_step(World::new(&policy, start), &steps, |world, _| {
            let mut peeked = world.clone();
            let first = peeked.peek();
            prop_assert!(!first.changed);
            prop_assert_eq!(&peeked.record, &world.record);
            prop_assert_eq!(peeked.peek(), first);
            Ok(())
        })?;
    }

    /// A policy with limits that only watch decides like the one without them, tells the same of all
    /// others, and leaves the same bytes of them.
    #[test]
    fn watching_changes_nothing(
        limits in limits(), watching in limits(), start in time(), steps in schedule(ANONYMOUS),
    ) {
        let enforced = limits.len();
        let watching = watching.iter().enumerate().map(|(index, limit)| {
            Limit::new(&format!("watch-{index}"), limit.algorithm()).unwrap().shadow()
        });
        let all: Vec<Limit> = limits.iter().cloned().chain(watching).take(8).collect();
        let (policy, watched) = (Policy::new(limits).unwrap(), Policy::new(all).unwrap());
        let mut world = World::new(&watched, start);
        let mut record = World::new(&policy, start).record;
        for step in steps {
            let operation = world.advance(step);
            let Some(alone) = without(&policy, &operation) else { continue };
            let answer = world.apply(&operation);
            let expected = apply(&policy, &mut record, &alone, world.now);
            // A request for nothing but what is only watched is a peek to the others.
            prop_assert_eq!(answer.verdict, expected.verdict);
            prop_assert_eq!(&answer.limits[..enforced], &expected.limits[..]);
            prop_assert_eq!(answer.delay, expected.delay);
            // To the policy without them, the entries of those that only watch are entries of others.
            let bytes = let_go(&watched, &world.record, &world).encode(&watched);
            let read = Record::decode(&policy, &bytes).unwrap().encode(&policy);
            prop_assert!(read.starts_with(&let_go(&policy, &record, &world).encode(&policy)));
        }
    }

    /// A limit that only watches says what it would say if it were enforced, and counts what it would
    /// have let in: nothing of what it would have denied.
    #[test]
    fn watching_counts_what_it_would_let_in(
        limits in limits(), start in time(), steps in schedule(ASKING),
    ) {
        let limit = limits.into_iter().next().unwrap();
        let enforced = Policy::new([limit.clone()]).unwrap();
        let watching = Policy::new([limit.shadow()]).unwrap();
        let mut world = World::new(&enforced, start);
        let mut record = World::new(&watching, start).record;
        for step in steps {
            let operation = world.advance(step);
            let (real, watched) = (world.apply(&operation), apply(&watching, &mut record, &operation, world.now));
            prop_assert_eq!((watched.verdict, watched.retry_after), (Verdict::Allowed, Span::ZERO));
            prop_assert_eq!(&watched.limits, &real.limits);
            prop_assert_eq!(record.encode(&watching), world.bytes());
        }
    }
}

/// The same operation on the policy without the limits that only watch; `None` when it is about one
/// of them.
fn without(policy: &Policy, operation: &Operation) -> Option<Operation> {
    let count = policy.limits().len();
    let costs = |costs: &Costs| policy.costs_in_order(&costs.as_slice()[..count]).unwrap();
    Some(match operation {
        Operation::Acquire(asked) => {
            let costs = costs(&asked.costs);
            // A charge of nothing would be a peek there, which a block does not stop.
            if asked.hold.is_none() && costs.is_zero() && !asked.costs.is_zero() {
                return None;
            }
            Acquire { costs, ..asked.clone() }.into()
        }
        Operation::Settle { hold, costs: actual } => {
            Operation::Settle { hold: *hold, costs: actual.as_ref().map(costs) }
        }
        Operation::Penalise(units) => Operation::Penalise(costs(units)),
        Operation::Lower { limit, .. }
        | Operation::Reduce { limit, .. }
        | Operation::SetCapacity { limit, .. }
            if *limit >= count =>
        {
            return None;
        }
        other => other.clone(),
    })
}

/// The record without its holds.
fn let_go(policy: &Policy, record: &Record, world: &World) -> Record {
    let mut record = record.clone();
    for hold in world.ledger.holds.keys() {
        apply(policy, &mut record, &Operation::Release { hold: *hold }, world.now);
    }
    record
}
