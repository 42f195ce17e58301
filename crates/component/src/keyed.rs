//! The exported functions of keyed limiters.

use alloc::string::String;
use alloc::vec::Vec;

use tollgate_core::{Decision, Policy, Timestamp};
use tollgate_keyed::{Admission, Handle, Serials, Table, TableError};

use crate::bindings::exports::tollgate::limiter::keyed as wit;
use crate::bindings::exports::tollgate::limiter::limiter::{
    DecideError, Decision as Decided, Operation,
};
use crate::{Component, convert, limiters, operation, policies};

/// Numbers per request in the answer to a batch.
const NUMBERS: usize = 2;

impl wit::Guest for Component {
    fn open(policy: u32, keys_max: u32, seed: u64) -> Result<u32, wit::OpenError> {
        let policy = policies::get(policy).ok_or(wit::OpenError::UnknownPolicy)?;
        let table = Table::new(policy.clone(), keys_max as usize, seed);
        let table = table.map_err(|_| wit::OpenError::KeysMax)?;
        limiters::open(table).ok_or(wit::OpenError::TooManyLimiters)
    }

    fn close(limiter: u32) {
        limiters::close(limiter);
    }

    fn intern(limiter: u32, name: String, now: u64) -> Result<u64, wit::KeyedError> {
        opened(limiter, |table, serials| {
            Ok(table.intern(&name, Timestamp::from_nanos(now), serials)?.as_u64())
        })
    }

    fn acquire(
        limiter: u32,
        key: u64,
        cost: u64,
        now: u64,
    ) -> Result<wit::Admission, wit::KeyedError> {
        opened(limiter, |table, _| {
            Ok(table.acquire(Handle::from_u64(key), cost, Timestamp::from_nanos(now))?.into())
        })
    }

    fn acquire_batch(
        limiter: u32,
        keys: Vec<u64>,
        costs: Vec<u64>,
        now: u64,
    ) -> Result<wit::Admissions, wit::KeyedError> {
        let mut admissions = wit::Admissions {
            verdicts: Vec::with_capacity(keys.len()),
            numbers: Vec::with_capacity(keys.len().saturating_mul(NUMBERS)),
        };
        opened(limiter, |table, _| {
            table.acquire_batch(&keys, &costs, Timestamp::from_nanos(now), |admission| {
                admissions.verdicts.push(admission.verdict.code());
                let Admission { retry_after, delay, .. } = admission;
                admissions.numbers.extend_from_slice(&[retry_after.as_nanos(), delay.as_nanos()]);
            })?;
            Ok(admissions)
        })
    }

    fn apply(
        limiter: u32,
        key: u64,
        operation: Operation,
        now: u64,
    ) -> Result<Decided, wit::KeyedError> {
        opened(limiter, |table, _| {
            let operation = operation::operation(table.policy(), operation)?;
            let (key, now) = (Handle::from_u64(key), Timestamp::from_nanos(now));
            let answer =
                |policy: &Policy, decision: Decision<'_>| convert::decision(policy, &decision);
            Ok(table.apply(key, &operation, now, answer)?)
        })
    }
}

#[inline]
fn opened<T>(
    limiter: u32,
    work: impl FnOnce(&mut Table, &mut Serials) -> Result<T, wit::KeyedError>,
) -> Result<T, wit::KeyedError> {
    limiters::with(limiter, work).unwrap_or(Err(wit::KeyedError::UnknownLimiter))
}

impl From<TableError> for wit::KeyedError {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Key(_) => Self::Key,
            // `KeysMax` only occurs when a limiter is opened.
            TableError::Full | TableError::KeysMax(_) => Self::Full,
            TableError::UnknownHandle => Self::UnknownHandle,
            TableError::Costs => Self::Refused(DecideError::Costs),
        }
    }
}

impl From<DecideError> for wit::KeyedError {
    fn from(error: DecideError) -> Self {
        Self::Refused(error)
    }
}

impl From<Admission> for wit::Admission {
    fn from(admission: Admission) -> Self {
        Self {
            verdict: admission.verdict.into(),
            retry_after: admission.retry_after.as_nanos(),
            delay: admission.delay.as_nanos(),
        }
    }
}
