//! The exported functions.

use alloc::vec::Vec;

use tollgate_core::{Policy, Record, Timestamp};

use crate::bindings::exports::tollgate::limiter::limiter as wit;
use crate::{Component, convert, policies};

impl wit::Guest for Component {
    fn open_policy(limits: Vec<wit::Limit>) -> Result<u32, wit::OpenError> {
        let positions = 0_u32..;
        let limits = positions.zip(&limits).map(|(position, limit)| {
            convert::limit(limit).map_err(|problem| wit::OpenError::Limit((position, problem)))
        });
        let policy = Policy::new(limits.collect::<Result<Vec<_>, _>>()?)?;
        policies::open(policy).ok_or(wit::OpenError::TooManyPolicies)
    }

    fn close_policy(policy: u32) {
        policies::close(policy);
    }

    fn decide(
        policy: u32,
        record: Option<Vec<u8>>,
        costs: Vec<u64>,
        now: u64,
    ) -> Result<wit::Decision, wit::DecideError> {
        let policy = policies::get(policy).ok_or(wit::DecideError::UnknownPolicy)?;
        let costs = policy.costs_in_order(&costs).map_err(|_| wit::DecideError::Costs)?;
        let mut record = decode(policy, record.as_deref())?;
        let decision = policy.decide(&mut record, &costs, Timestamp::from_nanos(now));
        Ok(wit::Decision {
            verdict: decision.verdict().into(),
            limits: decision.limits().map(Into::into).collect(),
            record: decision.changed().then(|| decision.record().encode(policy)),
        })
    }

    fn decide_batch(
        policy: u32,
        batch: wit::Batch,
    ) -> Result<wit::BatchDecisions, wit::DecideError> {
        let policy = policies::get(policy).ok_or(wit::DecideError::UnknownPolicy)?;
        let (requests, limits) = (batch.times.len(), policy.limits().len());
        if batch.record_lengths.len() != requests
            || batch.costs.len() != requests.saturating_mul(limits)
        {
            return Err(wit::DecideError::Lengths);
        }
        let mut decisions = wit::BatchDecisions {
            verdicts: Vec::with_capacity(requests),
            limits: Vec::with_capacity(batch.costs.len()),
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
    let decision = policy.decide(&mut record, &costs, now);
    decisions.verdicts.push(decision.verdict().into());
    decisions.limits.extend(decision.limits().map(wit::LimitStatus::from));
    let before = decisions.records.len();
    if decision.changed() {
        decision.record().encode_into(policy, &mut decisions.records);
    }
    decisions.record_lengths.push((decisions.records.len() - before) as u32);
    Ok(())
}

fn decode(policy: &Policy, bytes: Option<&[u8]>) -> Result<Record, wit::DecideError> {
    match bytes {
        Some(bytes) => Ok(Record::decode(policy, bytes)?),
        None => Ok(Record::new(policy)),
    }
}
