//! What a decision costs.
//!
//! `check`: one limit, state in hand, with governor's direct limiter on the same numbers beside it.
//!
//! The others: everything that is done for a request between two store calls: decode the record,
//! decide, read every limit's status, encode the record. `decision` by the number of limits,
//! `algorithm` by the size of the state, `keys` by the number of records in memory.

#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

mod algorithm;
mod check;
mod decision;
mod keys;

use std::hint::black_box;

use criterion::{criterion_group, criterion_main};
use tollgate_core::{Operation, Policy, Record, Span, Timestamp, Verdict};

const SECOND: Span = Span::from_secs(1);
const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// A whole decision on the record in `bytes`; the record after it is in `out`.
fn decide(policy: &Policy, bytes: &[u8], operation: &Operation, out: &mut Vec<u8>) -> Verdict {
    let mut record = Record::decode(policy, black_box(bytes)).unwrap();
    let decision = policy.apply(&mut record, black_box(operation), black_box(NOW));
    for status in decision.limits() {
        black_box(status);
    }
    out.clear();
    decision.record().encode_into(policy, out);
    black_box(out.as_slice());
    decision.verdict()
}

/// The record of a key that was charged 1 on every limit a moment ago.
fn used(policy: &Policy) -> Vec<u8> {
    let mut record = Record::new(policy);
    let costs = policy.costs_in_order(&vec![1; policy.limits().len()]).unwrap().into();
    policy.apply(&mut record, &costs, NOW);
    record.encode(policy)
}

criterion_group!(
    benches,
    check::check,
    decision::decision,
    algorithm::algorithm,
    algorithm::held,
    keys::keys
);
criterion_main!(benches);
