//! A crowd of machines that nothing breaks: together they get exactly what there is.

use tollgate_core::{Acquisition, Ending, Id, Policy, Timestamp};

use crate::driver::{Did, Driver, Fate};
use crate::ledger;
use crate::random::Random;
use crate::store::Store;

const CAPACITY: u64 = 100;
const MACHINES: u64 = 64;
const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// 64 clients ask for one unit of 3 keys again and again, until they are denied, and wait
/// for a random number of turns when others were faster. Each key has 100 units,
/// and 100 acquisitions are admitted, in whatever order they come.
#[test]
fn a_crowd_is_admitted_exactly_to_the_capacity() {
    let policy = Policy::new([budget(CAPACITY)]).unwrap();
    let policies: [&Policy; 3] = [&policy; 3];
    let costs = policy.costs([("units", 1)]).unwrap();
    let legs = [("a", costs), ("b", costs), ("c", costs)];
    for seed in 0..20 {
        let (mut store, mut random) = (Store::default(), Random::new(seed));
        let new = |id: u64| {
            let machine = Acquisition::new(&policies[..], Id::from_u128(id.into()), &legs);
            (Driver::new(machine.unwrap(), &[0, 1, 2]), 0)
        };
        let mut waiting: Vec<_> = (0..MACHINES).map(new).collect();
        let (mut admitted, mut ids) = (0, MACHINES);
        while !waiting.is_empty() {
            let index = random.below(waiting.len() as u64) as usize;
            let (driver, pause) = &mut waiting[index];
            if *pause > 0 {
                *pause -= 1;
                continue;
            }
            let outcome = match driver.act(&mut store, NOW, Fate::Fine) {
                Did::Done(outcome) => outcome,
                Did::Wait { attempt } => {
                    *pause = random.below(1 << attempt.min(6));
                    continue;
                }
                _ => continue,
            };
            match outcome.ending {
                Ending::Allowed => admitted += 1,
                Ending::Busy => {}
                ending => {
                    assert_eq!(ending, Ending::Denied);
                    waiting.swap_remove(index);
                    continue;
                }
            }
            ids += 1;
            waiting[index] = new(ids);
        }
        assert_eq!(admitted, CAPACITY, "seed {seed}");
        for key in 0..3 {
            assert_eq!(ledger::remaining(&store, key, &policy, NOW), 0, "seed {seed}, key {key}");
        }
    }
}

fn budget(units: u64) -> tollgate_core::Limit {
    tollgate_core::Limit::token_bucket("units", units, 0, ledger::PERIOD).unwrap()
}
