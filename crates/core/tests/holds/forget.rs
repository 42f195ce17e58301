//! When a store may forget a record.

use proptest::prelude::*;
use tollgate_core::{Acquire, Operation, Record, Span, Timestamp};

use crate::draw::{ANONYMOUS, Step, magnitude_of, policies, schedule};
use crate::support::{config, time};
use crate::world::{World, driven};

/// The same key, of which nothing is known.
fn forgotten(world: &World) -> World {
    let mut world = world.clone();
    world.record = Record::new(&world.policy);
    world
}

/// Whether there is anything to tell the record from none: a hold, a peek, or a request for one unit.
fn differs(world: &World, then: Timestamp) -> bool {
    if world.would_hold(then) {
        return true;
    }
    let forgotten = forgotten(world);
    let units = vec![1; world.policy.limits().len()];
    let one = Operation::from(Acquire::new(world.costs(&units)));
    let nothing = world.policy.no_costs().into();
    [one, nothing].iter().any(|asked| world.would(asked, then) != forgotten.would(asked, then))
}

proptest! {
    #![proptest_config(config())]

    /// From the time on that `forget_after` tells, whoever forgets the record decides on every schedule
    /// like whoever kept it; and a nanosecond earlier there is something to tell them apart.
    #[test]
    fn a_forgotten_record_decides_the_same(
        policy in policies(), start in time(), steps in schedule(ANONYMOUS), later in any::<u64>(),
        more in schedule(ANONYMOUS),
    ) {
        let world = driven(World::new(&policy, start), &steps);
        let after = world.record.forget_after(&policy, world.now);
        if after == Span::NEVER {
            return Ok(());
        }
        if let Some(before) = after.as_nanos().checked_sub(1) {
            prop_assert!(differs(&world, world.now.plus(Span::from_nanos(before))));
        }
        for later in [0, magnitude_of(later, 1 << 50)] {
            let mut kept = world.clone();
            kept.now = world.now.plus(after).plus(Span::from_nanos(later));
            prop_assert!(!differs(&kept, kept.now));
            same_decisions(kept, &more)?;
        }
    }

    /// What never may be forgotten differs at the end of time.
    #[test]
    fn what_lasts_differs(policy in policies(), start in time(), steps in schedule(ANONYMOUS)) {
        let world = driven(World::new(&policy, start), &steps);
        if world.record.forget_after(&policy, world.now) == Span::NEVER {
            // Unless it is refilled by then: a key that was never seen starts with less.
            let starts_full = |limit: &tollgate_core::Limit| match limit.algorithm() {
                tollgate_core::Algorithm::TokenBucket { capacity, initial, .. }
                | tollgate_core::Algorithm::IntervalBucket { capacity, initial, .. } => capacity == initial,
                // A capacity that was set to what it was is set all the same.
                tollgate_core::Algorithm::Adaptive { .. } => false,
                _ => true,
            };
            let all = policy.limits().iter().all(starts_full);
            prop_assert!(!all || differs(&world, Timestamp::MAX));
        }
    }
}

/// Both keys are asked the same from now on, and are told the same.
fn same_decisions(mut kept: World, steps: &[Step]) -> crate::Outcome {
    let mut record = Record::new(&kept.policy);
    for step in steps {
        let operation = kept.advance(*step);
        let answer = kept.apply(&operation);
        let expected = crate::world::apply(&kept.policy, &mut record, &operation, kept.now);
        prop_assert_eq!(&answer.limits, &expected.limits);
        prop_assert_eq!(
            (answer.verdict, answer.retry_after, answer.delay, answer.closed_for),
            (expected.verdict, expected.retry_after, expected.delay, expected.closed_for)
        );
    }
    Ok(())
}
