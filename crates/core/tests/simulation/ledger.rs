//! Policies that remember who was charged: one of their limits counts each client in a digit of its
//! own, so that a record alone tells how often each was charged, by whatever way that came about.

use tollgate_core::{
    Costs, Effect, HOLD_TTL_MAX, Limit, Operation, Policy, Record, Span, Timestamp, UNITS_MAX,
};

use crate::store::Store;

/// So slow that clocks which differ by the longest skew differ by one unit.
pub(crate) const REFILL: u64 = 1;
pub(crate) const PERIOD: Span = Span::from_secs(60);

/// So many digits of three bits fit into the 53 of a limit's units.
pub(crate) const CLIENTS_MAX: usize = 17;

/// A key's policy: a rate, slots for leases, and the ledger.
pub(crate) fn policy(burst: u64, slots: u64) -> Policy {
    Policy::new([
        Limit::token_bucket("rate", burst, REFILL, PERIOD).unwrap(),
        Limit::concurrency("slots", slots).unwrap(),
        Limit::token_bucket("ledger", UNITS_MAX, 0, PERIOD).unwrap(),
    ])
    .unwrap()
}

/// What a client asks of a key.
pub(crate) fn costs(policy: &Policy, client: usize, rate: u64, slots: u64) -> Costs {
    assert!(client < CLIENTS_MAX);
    let digit = 1 << (3 * client);
    policy.costs_in_order(&[rate, slots, digit]).unwrap()
}

/// How often each client was charged, once all holds have expired.
pub(crate) fn charges(store: &Store, key: usize, policy: &Policy, now: Timestamp) -> Vec<u64> {
    let used = UNITS_MAX - remaining(store, key, policy, now);
    (0..CLIENTS_MAX).map(|client| used >> (3 * client) & 7).collect()
}

/// What is left of a policy's last limit, once all holds have expired.
pub(crate) fn remaining(store: &Store, key: usize, policy: &Policy, now: Timestamp) -> u64 {
    let mut record = match store.load(key).0 {
        Some(bytes) => Record::decode(policy, bytes).unwrap(),
        None => Record::new(policy),
    };
    let peek = Operation::from(policy.no_costs());
    let decision = policy.apply(&mut record, &peek, now.plus(HOLD_TTL_MAX));
    assert_eq!(decision.effect(), Effect::None);
    decision.limits().last().unwrap().remaining
}
