//! What those who run a limiter do to a key.

use proptest::prelude::*;
use tollgate_core::{Effect, Operation, Record, Span};

use crate::draw::{ALL, ANONYMOUS, policies, schedule};
use crate::support::{config, time};
use crate::world::{World, driven};

/// An entry of a limit that no policy here has: tag, kind, length, payload.
const FOREIGN: [u8; 10] = [0xde, 0xad, 0xbe, 0xef, 200, 4, 1, 2, 3, 4];

proptest! {
    #![proptest_config(config())]

    /// Lowering leaves what it says, or what there was if that is less, and touches no other limit.
    #[test]
    fn lowering_leaves_what_it_says(
        policy in policies(), start in time(), steps in schedule(ANONYMOUS), index in any::<usize>(),
        least in any::<u64>(),
    ) {
        let mut world = driven(World::new(&policy, start), &steps);
        let (before, limit) = (world.peek(), index % policy.limits().len());
        for remaining in [before.limits[limit].remaining.saturating_add(least % 3), least % 9] {
            let record = world.record.clone();
            let after = world.apply(&Operation::Lower { limit, remaining });
            let lowered = if world.is_slots(limit) {
                before.limits[limit].remaining
            } else {
                before.limits[limit].remaining.min(remaining)
            };
            prop_assert_eq!(after.limits[limit].remaining, lowered);
            prop_assert_eq!(after.effect == Effect::Changed, lowered < before.limits[limit].remaining);
            prop_assert_eq!(world.record == record, after.effect == Effect::None);
            let others = |index: &usize| *index != limit;
            for other in (0..policy.limits().len()).filter(others) {
                prop_assert_eq!(after.limits[other], before.limits[other]);
            }
        }
    }

    /// A penalty takes what it says, and what there is not as debt: twice the penalty is that of the
    /// sum. Slots are only taken by holds.
    #[test]
    fn a_penalty_takes_what_it_says(
        policy in policies(), start in time(), steps in schedule(ANONYMOUS), bits in any::<u64>(),
    ) {
        let mut world = driven(World::new(&policy, start), &steps);
        let before = world.peek();
        let units = world.costs_of(bits, true);
        let twice: Vec<u64> = units.iter().map(|units| units * 2).collect();
        let mut both = world.clone();
        let after = world.apply(&Operation::Penalise(world.costs(&units)));
        for (index, units) in units.iter().enumerate() {
            let taken = if world.is_slots(index) { 0 } else { *units };
            let left = before.limits[index].remaining.saturating_sub(taken);
            prop_assert_eq!(after.limits[index].remaining, left);
            prop_assert_eq!(after.limits[index].held, before.limits[index].held);
        }
        if twice.iter().all(|units| *units <= tollgate_core::UNITS_MAX) {
            world.apply(&Operation::Penalise(world.costs(&units)));
            both.apply(&Operation::Penalise(both.costs(&twice)));
            prop_assert_eq!(&world.record, &both.record);
        }
    }

    /// A reset leaves the record of a key that is first seen then, and what belongs to others.
    #[test]
    fn a_reset_forgets_everything_of_its_own(
        policy in policies(), start in time(), steps in schedule(ALL), foreign in any::<bool>(),
    ) {
        let mut world = World::new(&policy, start);
        if foreign {
            let bytes = [world.bytes(), FOREIGN.to_vec()].concat();
            world.record = Record::decode(&policy, &bytes).unwrap();
        }
        let mut world = driven(world, &steps);
        let mut first_seen = world.clone();
        first_seen.record = Record::new(&policy);
        first_seen.peek();
        let mut first_seen = first_seen.bytes();
        first_seen.extend(FOREIGN.iter().filter(|_| foreign));
        let answer = world.apply(&Operation::Reset);
        prop_assert_eq!((answer.effect, answer.changed), (Effect::Changed, true));
        prop_assert_eq!(world.bytes(), first_seen.clone());
        prop_assert_eq!(&world.record, &Record::decode(&policy, &first_seen).unwrap());
        prop_assert!(world.peek().limits.iter().all(|status| status.held == 0));
    }

    /// A capacity that is set is what there is at most; nothing is ever topped up by it, nor by what
    /// reduces it.
    #[test]
    fn capacity_changes_top_nothing_up(policy in policies(), start in time(), steps in schedule(ANONYMOUS)) {
        crate::world::at_every_step(World::new(&policy, start), &steps, |world, operation| {
            if let Operation::SetCapacity { limit, .. } | Operation::Reduce { limit, .. } = operation {
                let (before, mut after) = (world.status(*limit), world.clone());
                let status = after.apply(operation).limits[*limit];
                prop_assert!(status.remaining <= before.remaining);
                prop_assert!(status.remaining <= status.limit);
                prop_assert_eq!(status.held, before.held);
            }
            if let Operation::SetCapacity { limit, capacity: None, .. } = operation {
                let mut after = world.clone();
                let status = after.apply(operation).limits[*limit];
                prop_assert_eq!(status.limit, policy.limits()[*limit].capacity());
            }
            Ok(())
        })?;
    }

    /// What is about a limit that there is not, or that is not adaptive, does nothing.
    #[test]
    fn other_limits_have_no_capacity(policy in policies(), start in time(), steps in schedule(ANONYMOUS)) {
        let mut world = driven(World::new(&policy, start), &steps);
        world.wait_until(world.now.plus(Span::from_nanos(1)));
        let (record, limit) = (world.record.clone(), policy.limits().len());
        let factor = tollgate_core::ReduceFactor::default();
        let note = tollgate_core::Note::new("", "").unwrap();
        for limit in (0..=limit).filter(|index| !is_adaptive(&policy, *index)) {
            let note = note.clone();
            let reduced = world.apply(&Operation::Reduce { limit, factor, note: note.clone() });
            let set = world.apply(&Operation::SetCapacity { limit, capacity: None, note });
            prop_assert_eq!((reduced.changed, set.changed), (false, false));
        }
        world.apply(&Operation::Lower { limit, remaining: 0 });
        prop_assert_eq!(&world.record, &record);
    }
}

fn is_adaptive(policy: &tollgate_core::Policy, index: usize) -> bool {
    policy
        .limits()
        .get(index)
        .is_some_and(|limit| matches!(limit.algorithm(), tollgate_core::Algorithm::Adaptive { .. }))
}
