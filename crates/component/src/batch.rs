//! Many requests in one call.

use alloc::vec::Vec;

use tollgate_core::{Policy, Timestamp};

use crate::bindings::exports::tollgate::limiter::limiter as wit;
use crate::exports::decode;

/// Numbers per limit and request in the answer.
const NUMBERS: usize = 4;

/// Decides on every request of a batch, each as if alone.
pub(crate) fn decide(
    policy: &Policy,
    batch: &wit::Batch,
) -> Result<wit::BatchDecisions, wit::DecideError> {
    let (requests, limits) = (batch.times.len(), policy.limits().len());
    if batch.record_lengths.len() != requests
        || batch.costs.len() != requests.saturating_mul(limits)
    {
        return Err(wit::DecideError::Lengths);
    }
    let mut decisions = wit::BatchDecisions {
        verdicts: Vec::with_capacity(requests),
        numbers: Vec::with_capacity(batch.costs.len().saturating_mul(NUMBERS)),
        records: Vec::with_capacity(batch.records.len()),
        record_lengths: Vec::with_capacity(requests),
    };
    let (mut records, mut costs) = (&batch.records[..], &batch.costs[..]);
    for (now, length) in batch.times.iter().zip(&batch.record_lengths) {
        let (record, other_records) =
            records.split_at_checked(*length as usize).ok_or(wit::DecideError::Lengths)?;
        let (cost, other_costs) =
            costs.split_at_checked(limits).ok_or(wit::DecideError::Lengths)?;
        (records, costs) = (other_records, other_costs);
        decide_one(policy, record, cost, Timestamp::from_nanos(*now), &mut decisions)?;
    }
    if records.is_empty() { Ok(decisions) } else { Err(wit::DecideError::Lengths) }
}

fn decide_one(
    policy: &Policy,
    record: &[u8],
    costs: &[u64],
    now: Timestamp,
    decisions: &mut wit::BatchDecisions,
) -> Result<(), wit::DecideError> {
    let costs = policy.costs_in_order(costs).map_err(|_| wit::DecideError::Costs)?;
    let mut record = decode(policy, (!record.is_empty()).then_some(record))?;
    let operation = costs.into();
    let decision = policy.apply(&mut record, &operation, now);
    decisions.verdicts.push(decision.verdict().code());
    for status in decision.limits() {
        let (retry_after, reset_after) = (status.retry_after, status.reset_after);
        decisions.numbers.extend_from_slice(&[
            status.limit,
            status.remaining,
            retry_after.as_nanos(),
            reset_after.as_nanos(),
        ]);
    }
    let before = decisions.records.len();
    if decision.changed() {
        decision.record().encode_into(policy, &mut decisions.records);
    }
    decisions.record_lengths.push((decisions.records.len() - before) as u32);
    Ok(())
}
