//! Policies, and machines that are run to their end.

use tollgate_core::{
    ACQUISITION_KEYS_MAX, Acquisition, Costs, DecideError, Id, Limit, Machine, Outcome, Policy,
    Record, Span, Timestamp,
};

use crate::driver::{Did, Driver, Fate};
use crate::store::Store;

pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
pub(crate) const NAMES: [&str; ACQUISITION_KEYS_MAX] = ["a", "b", "c", "d", "e", "f", "g", "h"];
pub(crate) const MINUTE: Span = Span::from_secs(60);

pub(crate) type Policies<'p> = &'p [&'p Policy];

pub(crate) fn policy(units: u64) -> Policy {
    Policy::new([Limit::token_bucket("requests", units, 0, MINUTE).unwrap()]).unwrap()
}

pub(crate) fn acquisition<'p>(
    policies: Policies<'p>,
    id: u128,
    units: &[u64],
) -> Acquisition<Policies<'p>> {
    let costs = |(leg, units): (usize, &u64)| -> (&str, Costs) {
        (NAMES[leg], policies[leg].costs([("requests", *units)]).unwrap())
    };
    let legs: Vec<_> = units.iter().enumerate().map(costs).collect();
    Acquisition::new(policies, Id::from_u128(id), &legs).unwrap()
}

pub(crate) fn driver<M: Machine<Error = DecideError>>(machine: M, legs: usize) -> Driver<M> {
    Driver::new(machine, &(0..legs).collect::<Vec<_>>())
}

/// Runs a machine to its end; says how many loads and swaps that took.
pub(crate) fn run<M: Machine<Error = DecideError>>(
    machine: M,
    legs: usize,
    store: &mut Store,
) -> (Outcome, usize, usize) {
    let (mut driver, mut loads, mut swaps) = (driver(machine, legs), 0, 0);
    loop {
        match driver.act(store, NOW, Fate::Fine) {
            Did::Load { .. } => loads += 1,
            Did::Swap { .. } => swaps += 1,
            Did::Wait { .. } => {}
            Did::Done(outcome) => return (outcome, loads, swaps),
        }
    }
}

/// Lets a machine go on until it has swapped so many times.
pub(crate) fn until_swapped<M: Machine<Error = DecideError>>(
    driver: &mut Driver<M>,
    store: &mut Store,
    count: usize,
) {
    let mut swaps = 0;
    while swaps < count {
        swaps += usize::from(matches!(driver.act(store, NOW, Fate::Fine), Did::Swap { .. }));
    }
}

pub(crate) fn finish<M: Machine<Error = DecideError>>(
    driver: &mut Driver<M>,
    store: &mut Store,
    now: Timestamp,
) -> Outcome {
    loop {
        if let Did::Done(outcome) = driver.act(store, now, Fate::Fine) {
            return outcome;
        }
    }
}

/// What is left of a key, and what is held of it, at `now`.
pub(crate) fn left(store: &Store, key: usize, policy: &Policy, now: Timestamp) -> (u64, u64) {
    let bytes = store.load(key).0;
    let mut record =
        bytes.map_or_else(|| Record::new(policy), |it| Record::decode(policy, it).unwrap());
    let peek = policy.no_costs().into();
    let status = policy.apply(&mut record, &peek, now).limits().next().unwrap();
    (status.remaining, status.held)
}
