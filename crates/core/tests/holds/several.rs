//! Several limits on one key, and requests that may only use a share of them.

use proptest::prelude::*;
use tollgate_core::{Acquire, Operation, Policy, Record, Share, UNITS_MAX, Verdict};

use crate::draw::{ANONYMOUS, HOLDING, policies, schedule};
use crate::support::{config, time};
use crate::world::{World, apply, at_every_step};

/// What is asked of one limit alone.
fn alone(asked: &Acquire, policy: &Policy, index: usize) -> Operation {
    let units = asked.costs.as_slice()[index];
    Acquire { costs: policy.costs_in_order(&[units]).unwrap(), ..asked.clone() }.into()
}

proptest! {
    #![proptest_config(config())]

    /// A request passes if and only if each limit alone lets it pass; then each of them stands as if it
    /// were alone, and otherwise none of them changed.
    #[test]
    fn all_or_nothing(policy in policies(), start in time(), steps in schedule(ANONYMOUS)) {
        at_every_step(World::new(&policy, start), &steps, |world, operation| {
            let Operation::Acquire(asked) = operation else { return Ok(()) };
            let mut after = world.clone();
            let answer = after.apply(operation);
            let mut expected = Verdict::Allowed;
            for (index, limit) in policy.limits().iter().enumerate() {
                let single = Policy::new([limit.clone()]).unwrap();
                let mut record = Record::decode(&single, &world.bytes()).unwrap();
                let one = alone(asked, &single, index);
                let said = apply(&single, &mut record, &one, world.now);
                expected = expected.max(said.verdict);
                if answer.verdict == Verdict::Allowed {
                    prop_assert_eq!(answer.limits[index], said.limits[0]);
                } else if said.verdict != Verdict::Allowed && world.would(operation, world.now).closed_for.as_nanos() == 0 {
                    prop_assert_eq!(answer.limits[index], said.limits[0]);
                }
            }
            prop_assert_eq!(answer.verdict, expected);
            if answer.verdict != Verdict::Allowed {
                prop_assert_eq!(&after.record, &world.record);
            }
            Ok(())
        })?;
    }

    /// A request with a share passes if and only if one with all of it would that asks for as much more
    /// as the share leaves to others; and it is told to wait as long.
    #[test]
    fn a_share_leaves_the_rest(
        policy in policies(), start in time(), steps in schedule(ANONYMOUS), share in 1..=1_000_u16,
    ) {
        let parts = u128::from(share);
        let share = Share::from_permille(share).unwrap();
        at_every_step(World::new(&policy, start), &steps, |world, operation| {
            let Operation::Acquire(asked) = operation else { return Ok(()) };
            let more = |(index, units): (usize, &u64)| {
                let capacity = u128::from(world.status(index).limit);
                let usable = (capacity * parts).div_ceil(1_000);
                let left = u64::try_from(capacity - usable).unwrap();
                if *units == 0 { 0 } else { units + left }
            };
            let more: Vec<u64> = asked.costs.as_slice().iter().enumerate().map(more).collect();
            if more.iter().all(|units| *units <= UNITS_MAX) {
                let full = Acquire { costs: world.costs(&more), ..asked.clone() }.into();
                let part = asked.clone().with_share(share).into();
                let (full, part) = (world.would(&full, world.now), world.would(&part, world.now));
                prop_assert_eq!(part.verdict, full.verdict);
                prop_assert_eq!(part.retry_after, full.retry_after);
            }
            Ok(())
        })?;
    }

    /// Who has a smaller share never passes where one with a larger share does not, and what it is let
    /// in with is charged as is.
    #[test]
    fn shares_are_in_order(policy in policies(), start in time(), steps in schedule(HOLDING)) {
        let shares = [Share::LOW, Share::NORMAL, Share::HIGH];
        at_every_step(World::new(&policy, start), &steps, |world, operation| {
            let Operation::Acquire(asked) = operation else { return Ok(()) };
            let after = shares.map(|share| {
                let mut after = world.clone();
                let answer = after.apply(&asked.clone().with_share(share).into());
                (answer.verdict, after.record)
            });
            prop_assert!(after.is_sorted_by(|low, high| low.0 >= high.0));
            let passed = after.iter().filter(|it| it.0 == Verdict::Allowed);
            prop_assert!(passed.map(|it| &it.1).all(|record| *record == after[2].1));
            Ok(())
        })?;
    }
}
