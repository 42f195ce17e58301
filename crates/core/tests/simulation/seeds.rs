//! Thousands of runs, each as its seed has it.

use std::collections::BTreeMap;

use tollgate_core::Policy;

use crate::caller::KEYS;
use crate::ledger;
use crate::verdicts::{self, BURST, SLOTS};
use crate::world::World;

/// Runs, unless `TOLLGATE_SEEDS` asks for another number.
const SEEDS: u64 = 4_000;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

/// Runs a seed, and counts what happened.
fn run(seed: u64, trace: bool, seen: &mut BTreeMap<String, u64>) -> Result<(), String> {
    let policy = ledger::policy(BURST, SLOTS);
    let policies: [&Policy; KEYS] = [&policy; KEYS];
    let mut world = World::new(seed, &policies, trace);
    while let Some(number) = world.step() {
        verdicts::during(&world, number)?;
    }
    verdicts::after(&world, &policy)?;
    for process in &world.processes {
        let caller = &process.caller;
        let ending = match &caller.outcome {
            Some(outcome) => format!("{:?}", outcome.ending),
            None => "crashed".into(),
        };
        *seen.entry(format!("{} {ending}", world.weather.name)).or_default() += 1;
        *seen.entry(format!("{} unclear", world.weather.name)).or_default() += caller.unclear;
    }
    Ok(())
}

/// Whatever breaks: who is admitted is charged on every key, and in no window is more admitted than a
/// key's limit allows. When nothing breaks: who is admitted is charged exactly once, who is not is not.
#[test]
fn many_seeds() {
    let mut seen = BTreeMap::new();
    for seed in 0..number("TOLLGATE_SEEDS").unwrap_or(SEEDS) {
        if let Err(broken) = run(seed, false, &mut seen) {
            panic!(
                "seed {seed}: {broken}\nTOLLGATE_SEED={seed} cargo test -p tollgate-core --test simulation one_seed -- --nocapture"
            );
        }
    }
    println!("{seen:#?}");
    let count = |what: &str| seen.get(what).copied().unwrap_or(0);
    for weather in ["calm", "unclear", "crashes", "storm"] {
        assert!(count(&format!("{weather} Allowed")) > 1_000, "{weather}");
        assert!(count(&format!("{weather} Denied")) > 1_000, "{weather}");
    }
    for rare in
        ["unclear unclear", "crashes crashed", "crashes Failed", "storm TimedOut", "storm Lost"]
    {
        assert!(count(rare) > 20, "{rare}");
    }
}

/// The seed that `TOLLGATE_SEED` names, step by step.
#[test]
fn one_seed() {
    let seed = number("TOLLGATE_SEED").unwrap_or(3);
    assert_eq!(run(seed, true, &mut BTreeMap::new()), Ok(()), "seed {seed}");
}
