//! Nothing mints credit: in no schedule of holds does more pass than the limits allow, and at every
//! moment what is charged and what is held is what naive oracles say.

use proptest::prelude::*;
use tollgate_core::{Algorithm, Limit, Overrun, Policy, Timestamp, Verdict, Windows};

use crate::Outcome;
use crate::draw::{HOLDING, Step, TAKING, limits, policies, schedule};
use crate::ledger::Ledger;
use crate::oracle::{Oracle, number};
use crate::support::{config, time};
use crate::world::{World, driven};

/// Of what was charged from `start` to `end`, times the period: at most this much.
fn bound(limit: &Limit, start: Timestamp, end: Timestamp) -> (i128, i128) {
    let length = i128::from(end.since(start).as_nanos());
    let rate = |burst: u64, units: u64, period: u64| {
        (i128::from(burst) * i128::from(period) + i128::from(units) * length, period.into())
    };
    let windows = |limit: u64, refill: u64, windows: Windows| {
        let boundaries = match windows {
            Windows::FirstUse { period } => length / i128::from(period.as_nanos()) + 1,
            aligned => {
                let at = |time: Timestamp| number(aligned, time.as_nanos().into());
                at(end) - at(start)
            }
        };
        (i128::from(limit) + i128::from(refill) * boundaries, 1)
    };
    match limit.algorithm() {
        Algorithm::Gcra { limit, period, burst } => rate(burst, limit, period.as_nanos()),
        Algorithm::TokenBucket { capacity, refill, period, .. } => {
            rate(capacity, refill, period.as_nanos())
        }
        Algorithm::LeakyBucket { capacity, leak, period }
        | Algorithm::LeakyQueue { capacity, leak, period } => {
            rate(capacity, leak, period.as_nanos())
        }
        Algorithm::FixedWindow { limit, windows: of } => windows(limit, limit, of),
        Algorithm::IntervalBucket { capacity, refill, windows: of, .. } => {
            windows(capacity, refill, of)
        }
        Algorithm::SlidingLog { limit, period } => {
            // In each of so many periods that follow each other.
            (i128::from(limit) * (length / i128::from(period.as_nanos()) + 1), 1)
        }
        Algorithm::SlidingCounter { limit, period } => rate(limit, limit, period.as_nanos()),
        Algorithm::Adaptive { capacity, period, recovery } => {
            let most = u128::from(capacity) * u128::from(recovery.ceiling_permille) / 1_000;
            let most = u64::try_from(most).unwrap();
            rate(most, most, period.as_nanos())
        }
        // They are held and never charged.
        Algorithm::Concurrency { .. } => (i128::MAX, 1),
    }
}

/// In no window from one charge to a later one are more units charged than the limits allow, but for
/// those that were overrun: they are the excess.
fn within_bounds(policy: &Policy, ledger: &Ledger) -> Outcome {
    for (index, limit) in policy.limits().iter().enumerate() {
        for (first, charge) in ledger.charges.iter().enumerate() {
            let mut units = 0_i128;
            for until in &ledger.charges[first..] {
                units += i128::from(until.units[index]) - i128::from(until.overrun[index]);
                let (allowed, times) = bound(limit, charge.at, until.at);
                let span = (charge.at, until.at);
                prop_assert!(units * times <= allowed, "{units} units of {limit:?} in {span:?}");
            }
        }
    }
    Ok(())
}

/// Drives a key, and compares it with an oracle per limit after every step.
fn like_oracles(policy: &Policy, start: Timestamp, steps: &[Step]) -> Outcome {
    let mut world = World::new(policy, start);
    let oracle = |limit| Oracle::new(limit, start);
    let mut oracles: Vec<Oracle> = policy.limits().iter().map(oracle).collect();
    let mut charged = 0;
    for step in steps {
        let operation = world.advance(*step);
        let answer = world.apply(&operation);
        for charge in world.ledger.charges.iter().skip(charged) {
            for (oracle, units) in oracles.iter_mut().zip(&charge.units) {
                oracle.charge(charge.at, *units);
            }
        }
        charged = world.ledger.charges.len();
        for (index, (oracle, said)) in oracles.iter_mut().zip(&answer.limits).enumerate() {
            let held = world.ledger.held(index);
            prop_assert_eq!(said.held, held);
            if let Some(remaining) = oracle.remaining(world.now) {
                let limit = &policy.limits()[index];
                prop_assert_eq!(said.remaining, remaining.saturating_sub(held), "{:?}", limit);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    /// Whatever is settled, released, renewed, left to expire, lowered and reduced, no window holds more
    /// charges than the algorithm allows, but for those that there was no room for: they are the excess.
    #[test]
    fn no_schedule_mints_credit(policy in policies(), start in time(), steps in schedule(TAKING)) {
        let mut world = driven(World::new(&policy, start), &steps);
        let last = world.ledger.holds.values().map(|hold| hold.expires).max();
        world.wait_until(last.map_or(world.now, |last| last.max(world.now)));
        prop_assert!(world.ledger.holds.is_empty());
        within_bounds(&policy, &world.ledger)?;
    }

    /// Who refuses to be overrun is not, and then every window holds what it may and no more.
    #[test]
    fn no_overrun_where_it_is_refused(limits in limits(), start in time(), steps in schedule(HOLDING)) {
        let limits = limits.into_iter().map(|limit| limit.with_overrun(Overrun::Refuse));
        let world = driven(World::new(&Policy::new(limits).unwrap(), start), &steps);
        prop_assert!(world.ledger.charges.iter().flat_map(|charge| &charge.overrun).all(|units| *units == 0));
        within_bounds(&world.policy, &world.ledger)?;
    }

    /// What remains and what is held never exceed what there is, while nothing was overrun.
    #[test]
    fn what_remains_and_what_is_held_fit(limits in limits(), start in time(), steps in schedule(HOLDING)) {
        let limits = limits.into_iter().map(|limit| limit.with_overrun(Overrun::Refuse));
        let mut world = World::new(&Policy::new(limits).unwrap(), start);
        for step in steps {
            let operation = world.advance(step);
            for said in world.apply(&operation).limits {
                prop_assert!(said.remaining + said.held <= said.limit, "{:?}", said);
            }
        }
    }

    /// What remains, what is held and who passes is what naive oracles say: one per algorithm, which
    /// keep all that was charged, and a list of holders with their own expiries.
    #[test]
    fn counts_like_the_oracles(policy in policies(), start in time(), steps in schedule(TAKING)) {
        like_oracles(&policy, start, &steps)?;
    }

    /// A request passes if and only if all of it remains.
    #[test]
    fn passes_what_remains(policy in policies(), start in time(), steps in schedule(TAKING)) {
        crate::world::at_every_step(World::new(&policy, start), &steps, |world, operation| {
            if let tollgate_core::Operation::Acquire(asked) = operation {
                let is_there = asked.hold.is_some_and(|it| world.ledger.holds.contains_key(&it.id()));
                let fits = asked.costs.as_slice().iter().enumerate().all(|(index, units)| {
                    let free = asked.hold.is_some() || !world.is_slots(index);
                    *units == 0 || (free && *units <= world.status(index).remaining)
                });
                let passes = world.would(operation, world.now).verdict == Verdict::Allowed;
                prop_assert_eq!(passes, fits || is_there);
            }
            Ok(())
        })?;
    }
}
