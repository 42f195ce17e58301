//! How holds end: settled, released, renewed, or left to expire.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tollgate_core::{
    Acquire, Effect, Hold, Id, Limit, Operation, Overrun, Policy, Record, Span, Timestamp, Verdict,
};

use crate::draw::{ANONYMOUS, Step, TAKING, policies, schedule};
use crate::support::{config, time};
use crate::world::{World, apply, driven};

/// The longest of a hold that the laws below make.
const TTL_NS: u64 = 40;

/// A key that was driven to somewhere, and a hold of something that passes there.
fn with_hold(
    policy: &Policy,
    start: Timestamp,
    steps: &[Step],
    bits: u64,
) -> (World, Hold, Vec<u64>) {
    let mut world = driven(World::new(policy, start), steps);
    let no_block = Operation::Block(Span::ZERO);
    world.apply(&no_block);
    world.peek();
    let units: Vec<u64> = world.costs_of(bits, true);
    let remaining = (0..units.len()).map(|index| world.status(index).remaining);
    let units = units.iter().zip(remaining).map(|(units, most)| *units.min(&most)).collect();
    let ttl = Span::from_nanos(1 + bits % TTL_NS);
    let hold = Hold::new(world.fresh_id(), ttl).unwrap();
    (world, hold, units)
}

fn hold_of(world: &World, hold: Hold, units: &[u64]) -> Operation {
    Acquire::new(world.costs(units)).held(hold).into()
}

proptest! {
    #![proptest_config(config())]

    /// What is released was never there: whatever is asked in between, the record is the one of a key
    /// that held nothing.
    #[test]
    fn releasing_gives_all_back(
        policy in policies(), start in time(), steps in schedule(ANONYMOUS), bits in any::<u64>(),
    ) {
        let (mut world, hold, units) = with_hold(&policy, start, &steps, bits);
        let mut without = world.clone();
        let answer = world.apply(&hold_of(&world, hold, &units));
        prop_assert_eq!(answer.verdict, Verdict::Allowed);
        let then = world.now.plus(Span::from_nanos(bits / TTL_NS % hold.ttl().as_nanos()));
        if then < world.now.plus(hold.ttl()) {
            world.wait_until(then);
            let released = world.apply(&Operation::Release { hold: hold.id() });
            prop_assert_eq!(released.effect, Effect::Released);
            without.wait_until(then);
            prop_assert_eq!(&world.record, &without.record);
            prop_assert_eq!(world.bytes(), without.bytes());

            let again = world.apply(&Operation::Release { hold: hold.id() });
            prop_assert_eq!((again.effect, again.changed), (Effect::NoHold, false));
            prop_assert_eq!(&world.record, &without.record);
        }
    }

    /// To hold much and settle a part of it at once is to ask for the part.
    #[test]
    fn settling_a_part_is_asking_for_it(
        policy in policies(), start in time(), steps in schedule(ANONYMOUS), bits in any::<u64>(),
        parts in any::<[u16; 4]>(),
    ) {
        let (mut world, hold, units) = with_hold(&policy, start, &steps, bits);
        let mut plain = world.clone();
        if world.apply(&hold_of(&world, hold, &units)).effect != Effect::Held || world.now == Timestamp::MAX {
            return Ok(());
        }
        let part = |(units, part): (&u64, &u16)| {
            u64::try_from((u128::from(*units) * (u128::from(*part) + 1)) >> 16).unwrap()
        };
        let mut part: Vec<u64> = units.iter().zip(&parts).map(part).collect();
        let costs = Some(world.costs(&part));
        prop_assert_eq!(world.apply(&Operation::Settle { hold: hold.id(), costs }).effect, Effect::Settled);

        // Slots can't be asked for without a hold; they are free again when it is settled.
        (0..part.len()).filter(|index| plain.is_slots(*index)).for_each(|index| part[index] = 0);
        prop_assert_eq!(plain.apply(&plain.costs(&part).into()).verdict, Verdict::Allowed);
        prop_assert_eq!(&world.record, &plain.record);
    }

    /// To settle for more than was held is to release the hold and to charge all of it. Where that is
    /// refused, it is if and only if there is no room for the rest, and then the hold stays.
    #[test]
    fn settling_for_more_is_charging_it(
        policy in policies(), start in time(), steps in schedule(ANONYMOUS), bits in any::<u64>(),
        more in any::<u64>(),
    ) {
        let (mut world, hold, units) = with_hold(&policy, start, &steps, bits);
        if world.apply(&hold_of(&world, hold, &units)).effect != Effect::Held || world.now == Timestamp::MAX {
            return Ok(());
        }
        let mut released = world.clone();
        let more = world.costs_of(more, true);
        let before = world.record.clone();
        let settled = Operation::Settle { hold: hold.id(), costs: Some(world.costs(&more)) };
        let fits = policy.limits().iter().enumerate().all(|(index, limit)| {
            let room = units[index] + world.status(index).remaining;
            limit.overrun() == Overrun::Debt || more[index] <= units[index].max(room)
        });
        let answer = world.apply(&settled);
        prop_assert_eq!(answer.effect == Effect::Settled, fits);
        if fits {
            released.apply(&Operation::Release { hold: hold.id() });
            released.apply(&Operation::Penalise(world.costs(&more)));
            prop_assert_eq!(&world.record, &released.record);
        } else {
            let mut refuse = policy.limits().iter().enumerate().filter(|(_, limit)| {
                limit.overrun() == Overrun::Refuse && !limit.is_shadow()
            });
            let never = refuse.any(|(index, _)| {
                more[index].saturating_sub(units[index]) > world.status(index).limit
            });
            let verdict = if never { Verdict::Impossible } else { Verdict::Limited };
            prop_assert_eq!((answer.verdict, answer.changed), (verdict, false));
            prop_assert_eq!(&world.record, &before);
        }
    }

    /// A hold that expires is a charge of that moment, however late somebody looks; and who looks in
    /// between, or is denied, changes nothing.
    #[test]
    fn expiring_is_charging_then(
        policy in policies(), start in time(), steps in schedule(ANONYMOUS), bits in any::<u64>(),
        looks in proptest::collection::vec((0..3 * TTL_NS, any::<u64>()), 0..4),
    ) {
        let (mut world, hold, units) = with_hold(&policy, start, &steps, bits);
        let (mut charged, late) = (world.clone(), world.now.plus(Span::from_nanos(3 * TTL_NS)));
        world.apply(&hold_of(&world, hold, &units));
        let mut watched = world.clone();
        world.wait_until(late);

        charged.wait_until(charged.now.plus(hold.ttl()));
        charged.apply(&Operation::Penalise(charged.costs(&units)));
        charged.wait_until(late);
        prop_assert_eq!(&world.record, &charged.record);

        let mut looks = looks;
        looks.sort_unstable();
        let begun = watched.now;
        for (nanos, bits) in looks {
            watched.wait_until(begun.plus(Span::from_nanos(nanos)));
            let asked: Operation = watched.costs(&watched.costs_of(bits, false)).into();
            if watched.would(&asked, watched.now).verdict > Verdict::Allowed {
                watched.apply(&asked);
            }
        }
        watched.wait_until(late);
        prop_assert_eq!(&world.record, &watched.record);
        prop_assert_eq!(world.bytes(), watched.bytes());
    }

    /// Looking at every step of a schedule, and being denied there, leaves the bytes of a key that
    /// nobody looked at.
    #[test]
    fn looking_changes_nothing(policy in policies(), start in time(), steps in schedule(TAKING)) {
        let mut world = World::new(&policy, start);
        let mut unwatched = world.record.clone();
        for step in steps {
            let operation = world.advance(step);
            let too_much = (0..policy.limits().len()).map(|index| world.status(index).limit);
            let too_much: Vec<u64> = too_much.map(|limit| (limit + 1).min(tollgate_core::UNITS_MAX)).collect();
            let too_much = world.costs(&too_much).into();
            if world.would(&too_much, world.now).verdict > Verdict::Allowed {
                world.apply(&too_much);
            }
            let answer = world.apply(&operation);
            prop_assert_eq!(apply(&policy, &mut unwatched, &operation, world.now), answer);
            prop_assert_eq!(world.bytes(), unwatched.encode(&policy));
        }
    }
}

/// What a holder of slots does.
#[derive(Debug, Clone, Copy)]
enum Do {
    Take(u64),
    Renew,
    Release,
    Settle,
}

fn holders() -> impl Strategy<Value = Vec<(u64, Do, u8, u64)>> {
    let what = (0..8_u8, 1..4_u64).prop_map(|(what, units)| match what {
        0..=3 => Do::Take(units),
        4 | 5 => Do::Renew,
        6 => Do::Release,
        _ => Do::Settle,
    });
    proptest::collection::vec((0..8_u64, what, 0..10_u8, 1..30_u64), 1..60)
}

proptest! {
    #![proptest_config(config())]

    /// Slots against a map of holders: each has its own expiry, no renewal keeps another's slots, and
    /// whoever let go, in whatever way and however often, is gone.
    #[test]
    fn slots_are_a_map_of_holders(slots in 1..8_u64, start in time(), acts in holders()) {
        let policy = Policy::new([Limit::concurrency("in_flight", slots).unwrap()]).unwrap();
        let (mut record, mut now) = (Record::new(&policy), start);
        let mut holders = BTreeMap::<u8, (Timestamp, u64)>::new();
        for (wait, what, who, ttl) in acts {
            now = now.plus(Span::from_nanos(wait));
            holders.retain(|_, (expires, _)| *expires > now);
            let (id, ttl) = (Id::from_u128(who.into()), Span::from_nanos(ttl));
            let taken: u64 = holders.values().map(|(_, units)| units).sum();
            let (known, hold) = (holders.contains_key(&who), Hold::new(id, ttl).unwrap());
            let (operation, effect) = match what {
                Do::Take(units) => {
                    let costs = policy.costs([("in_flight", units)]).unwrap();
                    let effect = match (known, taken + units <= slots) {
                        (true, _) => Effect::Repeated,
                        (_, true) => Effect::Held,
                        (_, false) => Effect::None,
                    };
                    if effect == Effect::Held {
                        holders.insert(who, (now.plus(ttl), units));
                    }
                    (Acquire::new(costs).held(hold).into(), effect)
                }
                Do::Renew => {
                    holders.entry(who).and_modify(|(expires, _)| *expires = now.plus(ttl));
                    (Operation::Renew { hold }, if known { Effect::Renewed } else { Effect::NoHold })
                }
                Do::Release => {
                    holders.remove(&who);
                    (Operation::Release { hold: id }, if known { Effect::Released } else { Effect::NoHold })
                }
                Do::Settle => {
                    holders.remove(&who);
                    let effect = if known { Effect::Settled } else { Effect::NoHold };
                    (Operation::Settle { hold: id, costs: None }, effect)
                }
            };
            let answer = apply(&policy, &mut record, &operation, now);
            prop_assert_eq!(answer.effect, effect, "{:?} at {:?}", what, now);
            let taken: u64 = holders.values().map(|(_, units)| units).sum();
            prop_assert_eq!((answer.limits[0].held, answer.limits[0].remaining), (taken, slots - taken));
            let last = holders.values().map(|(expires, _)| expires.since(now)).max();
            prop_assert_eq!(answer.limits[0].reset_after, last.unwrap_or_default());
        }
    }
}
