//! What must hold of a run, in every weather.

use tollgate_core::{Effect, Ending, Policy, Timestamp};

use crate::caller::{After, Caller, KEYS};
use crate::ledger::{self, PERIOD, REFILL};
use crate::world::World;

/// A policy's numbers.
pub(crate) const BURST: u64 = 7;
pub(crate) const SLOTS: u64 = 2;

/// While it runs: nobody takes forever, and nobody holds more slots than there are.
pub(crate) fn during(world: &World<'_>, number: usize) -> Result<(), String> {
    let caller = &world.processes[number].caller;
    // On each leg: a load to judge; ten swaps and waits and eleven loads to take it; and 32 of each and
    // a load to keep it, to settle a lease that is lost, and to end one.
    let most = 3 + caller.keys.len() * (1 + 31 + 3 * 97);
    if caller.steps > most {
        return Err(format!("caller {number} takes more than {most} steps"));
    }
    for key in 0..KEYS {
        let holding = world.processes.iter().map(|process| &process.caller);
        let holding = holding.filter(|caller| caller.is_holding() && caller.keys.contains(&key));
        if holding.count() as u64 > SLOTS {
            return Err(format!("key {key} is leased more than {SLOTS} times"));
        }
    }
    Ok(())
}

/// In the end: everybody is charged what it has to be.
pub(crate) fn after(world: &World<'_>, policy: &Policy) -> Result<(), String> {
    let end = Timestamp::from_nanos(world.now_ns);
    let charges: Vec<Vec<u64>> =
        (0..KEYS).map(|key| ledger::charges(&world.store, key, policy, end)).collect();
    for (number, process) in world.processes.iter().enumerate() {
        let caller = &process.caller;
        for (leg, key) in caller.keys.iter().enumerate() {
            let (least, most) = bounds(world, caller, leg);
            let charged = charges[*key][number];
            if charged < least || charged > most {
                let outcome = caller.outcome.as_ref().map(|outcome| outcome.ending);
                return Err(format!(
                    "caller {number} ({outcome:?}) is charged {charged} times on key {key}, not {least} to {most}"
                ));
            }
        }
    }
    (0..KEYS).try_for_each(|key| rate(world, key))
}

/// How often it has to be charged on a leg.
fn bounds(world: &World<'_>, caller: &Caller<'_>, leg: usize) -> (u64, u64) {
    // Only a swap that was not heard of, together with a hold that expired too early, charges twice.
    let once = if world.weather.is_storm() { 1 + caller.unclear } else { 1 };
    let is_fair = world.weather.is_fair();
    let left = |outcome: &tollgate_core::Outcome| outcome.legs[leg].as_ref().map(|it| it.effect);
    let Some(outcome) = &caller.outcome else {
        // It died. If it was committed by then, it is charged everywhere.
        return (u64::from(caller.committed_ns.is_some()), once);
    };
    match (outcome.ending, caller.after) {
        (Ending::Allowed, Some(After::Release)) => match &caller.updated {
            Some(updated) if is_fair && left(updated) == Some(Effect::Released) => (0, 0),
            _ => (0, once),
        },
        (Ending::Allowed | Ending::Lost, _) => (1, once),
        // What could not be taken back is told.
        _ if is_fair && left(outcome) != Some(Effect::Held) => (0, 0),
        _ => (0, once),
    }
}

/// In no window more than the burst and what is gained meanwhile, by clocks that differ as they do.
fn rate(world: &World<'_>, key: usize) -> Result<(), String> {
    let callers = world.processes.iter().map(|process| &process.caller);
    // What is released was never charged.
    let is_charged = |caller: &&Caller<'_>| caller.after != Some(After::Release);
    let callers = callers.filter(is_charged).filter(|caller| caller.keys.contains(&key));
    let mut charges: Vec<(u64, u64)> =
        callers.filter_map(|caller| Some((caller.committed_ns?, caller.rate))).collect();
    charges.sort_unstable();
    let slack_ns = 2 * world.weather.offset_max_ns + world.slowest_ns;
    for (first, (start_ns, _)) in charges.iter().enumerate() {
        let mut units = 0;
        for (end_ns, rate) in &charges[first..] {
            units += rate;
            let window_ns = end_ns - start_ns + slack_ns;
            let gained = REFILL * window_ns / PERIOD.as_nanos();
            if units > BURST + gained {
                return Err(format!("key {key}: {units} units in {window_ns} ns"));
            }
        }
    }
    Ok(())
}
