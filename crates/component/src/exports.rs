//! The exported functions.

use alloc::vec::Vec;

use tollgate_core::{Operation, Policy, Record, Timestamp};

use crate::bindings::exports::tollgate::limiter::limiter as wit;
use crate::{Component, batch, convert, operation, policies};

impl wit::Guest for Component {
    fn open_policy(limits: Vec<wit::Limit>) -> Result<u32, wit::OpenError> {
        let mut converted = Vec::with_capacity(limits.len());
        for (position, limit) in (0..).zip(&limits) {
            let limit = convert::limit(limit);
            converted.push(limit.map_err(|problem| wit::OpenError::Limit((position, problem)))?);
        }
        let policy = Policy::new(converted)?;
        policies::open(policy).ok_or(wit::OpenError::TooManyPolicies)
    }

    fn close_policy(policy: u32) {
        policies::close(policy);
    }

    fn apply(
        policy: u32,
        record: Option<Vec<u8>>,
        operation: wit::Operation,
        now: u64,
    ) -> Result<wit::Decision, wit::DecideError> {
        let policy = opened(policy)?;
        let operation = operation::operation(policy, operation)?;
        let mut record = decode(policy, record.as_deref())?;
        let decision = policy.apply(&mut record, &operation, Timestamp::from_nanos(now));
        Ok(convert::decision(policy, &decision))
    }

    fn decide_batch(
        policy: u32,
        batch: wit::Batch,
    ) -> Result<wit::BatchDecisions, wit::DecideError> {
        batch::decide(opened(policy)?, &batch)
    }

    fn capacity_of(
        policy: u32,
        record: Option<Vec<u8>>,
        limit: u32,
        now: u64,
    ) -> Result<Option<wit::Capacity>, wit::DecideError> {
        let policy = opened(policy)?;
        let mut record = decode(policy, record.as_deref())?;
        let peek = Operation::from(policy.no_costs());
        let decision = policy.apply(&mut record, &peek, Timestamp::from_nanos(now));
        Ok(convert::capacity(&decision, limit as usize))
    }

    fn forget_after(policy: u32, record: Vec<u8>, now: u64) -> Result<u64, wit::DecideError> {
        let policy = opened(policy)?;
        let record = decode(policy, Some(&record))?;
        Ok(record.forget_after(policy, Timestamp::from_nanos(now)).as_nanos())
    }

    fn carry_over(
        policy: u32,
        record: Option<Vec<u8>>,
        change: wit::ChangeOfPolicy,
    ) -> Result<Vec<u8>, wit::DecideError> {
        let (policy, old) = (opened(policy)?, opened(change.old)?);
        let carried = match record {
            Some(bytes) => {
                let (carry, at) = (change.carry.into(), Timestamp::from_nanos(change.at));
                policy.carry(old, &decode(old, Some(&bytes))?, carry, at)
            }
            None => Record::new(policy),
        };
        Ok(carried.with_revision(change.revision).encode(policy))
    }
}

pub(crate) fn opened<'export>(policy: u32) -> Result<&'export Policy, wit::DecideError> {
    policies::get(policy).ok_or(wit::DecideError::UnknownPolicy)
}

/// The record of a key; a fresh one for a key that was never seen.
pub(crate) fn decode(policy: &Policy, bytes: Option<&[u8]>) -> Result<Record, wit::DecideError> {
    match bytes {
        Some(bytes) => Ok(Record::decode(policy, bytes)?),
        None => Ok(Record::new(policy)),
    }
}
