//! A request that comes again is charged once.

use proptest::prelude::*;
use tollgate_core::{
    Acquire, Algorithm, Effect, Hold, Id, Limit, Operation, Policy, REQUEST_IDS_MAX, Recovery,
    Span, Timestamp, Verdict, Windows,
};

use crate::draw::{ALL, policies, schedule};
use crate::support::{config, time};
use crate::world::{World, at_every_step, driven};

/// A limit of each kind, that has room for more requests than are remembered.
fn roomy(kind: usize) -> Policy {
    let (capacity, period) = (1_000, Span::from_secs(60));
    let windows = Windows::FirstUse { period };
    let algorithm = [
        Algorithm::Gcra { limit: 1, period, burst: capacity },
        Algorithm::LeakyQueue { capacity, leak: 1, period },
        Algorithm::FixedWindow { limit: capacity, windows },
        Algorithm::SlidingLog { limit: capacity, period },
        Algorithm::SlidingCounter { limit: capacity, period },
        Algorithm::Adaptive { capacity, period, recovery: Recovery::default() },
    ][kind];
    Policy::new([Limit::new("requests", algorithm).unwrap()]).unwrap()
}

proptest! {
    #![proptest_config(config())]

    /// A request that was charged or held and comes again with its id at once passes again, whatever
    /// else it asks for by now, and nothing is charged.
    #[test]
    fn a_repetition_is_not_charged(
        policy in policies(), start in time(), steps in schedule(ALL), bits in any::<u64>(),
        is_held in any::<bool>(), other in any::<u64>(),
    ) {
        let mut world = driven(World::new(&policy, start), &steps);
        world.peek();
        let (id, hold) = (world.fresh_id(), world.hold_of(u64::from(u32::MAX) | 1));
        let request = |units: Vec<u64>| match is_held {
            true => Acquire::new(world.costs(&units)).held(hold),
            false => Acquire::new(world.costs(&units)).once(id),
        };
        let first = Operation::from(request(world.costs_of(bits, is_held)));
        let second = Operation::from(request(world.costs_of(other, is_held)));
        let answer = world.apply(&first);
        if matches!(answer.effect, Effect::Charged | Effect::Held) && world.now < Timestamp::MAX {
            let record = world.record.clone();
            for again in [&first, &second] {
                let said = world.apply(again);
                let expected = (Verdict::Allowed, Effect::Repeated, false);
                prop_assert_eq!((said.verdict, said.effect, said.changed), expected);
                prop_assert_eq!(&world.record, &record);
            }
        }
    }

    /// The last requests are remembered: one that comes after fewer others than that is known, and one
    /// that comes after that many is charged again. Those that were denied don't count.
    #[test]
    fn the_last_requests_are_remembered(
        kind in 0..6_usize, start in time(), others in 0..2 * REQUEST_IDS_MAX, denied in any::<bool>(),
    ) {
        let mut world = World::new(&roomy(kind), start);
        let request = |world: &World, units, id: usize| {
            Operation::from(Acquire::new(world.costs(&[units])).once(Id::from_u128(id as u128)))
        };
        world.apply(&request(&world, 1, 0));
        for id in 1..=others {
            world.apply(&request(&world, 1, id));
            if denied {
                world.apply(&request(&world, 1_001, 100 + id));
            }
        }
        let before = world.status(0).remaining;
        let again = world.apply(&request(&world, 1, 0));
        let (effect, units) = match others < REQUEST_IDS_MAX {
            true => (Effect::Repeated, 0),
            false => (Effect::Charged, 1),
        };
        prop_assert_eq!((again.effect, again.limits[0].remaining), (effect, before - units));
    }

    /// A held request that comes again while it is held, and again after it expired under the id of the
    /// request, is charged once: when it expired. From then on it is told that nothing is held any more.
    #[test]
    fn a_held_request_is_charged_once(kind in 0..6_usize, start in time(), waits in any::<[u8; 3]>()) {
        let mut world = World::new(&roomy(kind), start.min(Timestamp::from_secs(9_000_000_000)));
        let hold = Hold::new(Id::from_u128(7), Span::from_nanos(200)).unwrap();
        let request = Acquire::new(world.costs(&[10])).held(hold).once(Id::from_u128(8)).into();
        prop_assert_eq!(world.apply(&request).effect, Effect::Held);
        let expires = world.now.plus(Span::from_nanos(200));
        for wait in waits {
            world.wait_until(world.now.plus(Span::from_nanos(wait.into())));
            let effect = if world.now < expires { Effect::Repeated } else { Effect::NoHold };
            prop_assert_eq!(world.apply(&request).effect, effect);
        }
        let late = world.now.plus(Span::from_nanos(200));
        world.wait_until(late);
        let status = world.status(0);
        prop_assert_eq!((status.held, status.remaining), (0, 990));
    }

    /// In any schedule with repetitions, an id that is known changes nothing.
    #[test]
    fn known_ids_change_nothing(policy in policies(), start in time(), steps in schedule(ALL)) {
        at_every_step(World::new(&policy, start), &steps, |world, operation| {
            let mut after = world.clone();
            let effect = after.apply(operation).effect;
            let is_known = effect == Effect::NoHold && matches!(operation, Operation::Acquire(_));
            if effect == Effect::Repeated || is_known {
                prop_assert_eq!(&after.record, &world.record);
            }
            Ok(())
        })?;
    }
}
