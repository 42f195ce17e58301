//! The exported functions over records that the host keeps.

use alloc::vec::Vec;

use tollgate_core::{Operation, Policy, RECORD_BYTES_MAX, Record, Timestamp};

use crate::answer;
use crate::error::Error;
use crate::exchange::Exchange;
use crate::state::{self, State};

/// The version that `docs/module.md` describes. It changes when hosts written for it would fail.
const ABI_VERSION: u32 = 1;

#[unsafe(no_mangle)]
extern "C" fn tollgate_abi_version() -> u32 {
    ABI_VERSION
}

#[unsafe(no_mangle)]
extern "C" fn tollgate_exchange() -> *const Exchange {
    state::exchange()
}

/// Bytes that the exchange has for a record.
#[unsafe(no_mangle)]
extern "C" fn tollgate_record_bytes_max() -> u32 {
    RECORD_BYTES_MAX as u32
}

/// Opens a policy of the first `count` limits in the exchange.
#[unsafe(no_mangle)]
extern "C" fn tollgate_policy_open(count: u32) -> i32 {
    state::with(|state| {
        let exchange = &mut state.exchange;
        let fields = exchange.limits.get(..count as usize).ok_or(Error::TooManyLimits)?;
        let mut limits = Vec::with_capacity(fields.len());
        for (position, fields) in (0..).zip(fields) {
            exchange.decision.wrong_limit = position;
            limits.push(fields.limit()?);
        }
        state.policies.open(Policy::new(limits)?)
    })
}

#[unsafe(no_mangle)]
extern "C" fn tollgate_policy_close(policy: u32) -> i32 {
    state::with(|state| state.policies.close(policy))
}

/// Applies the operation in the exchange to the record in it.
#[unsafe(no_mangle)]
extern "C" fn tollgate_apply(policy: u32, record_bytes: u32, now_ns: u64) -> i32 {
    state::with(|state| {
        let operation = state.exchange.operation.operation(&state.policies.get(policy)?.policy)?;
        apply(state, policy, record_bytes, &operation, now_ns)
    })
}

/// Charges the costs in the exchange to the record in it, or nothing.
#[unsafe(no_mangle)]
extern "C" fn tollgate_acquire(policy: u32, record_bytes: u32, now_ns: u64) -> i32 {
    state::with(|state| {
        let costs = state.exchange.operation.costs(&state.policies.get(policy)?.policy)?;
        apply(state, policy, record_bytes, &costs.into(), now_ns)
    })
}

/// Writes to the exchange how long the record in it still differs from an absent one.
#[unsafe(no_mangle)]
extern "C" fn tollgate_forget_after(policy: u32, record_bytes: u32, now_ns: u64) -> i32 {
    state::with(|state| {
        let policy = &state.policies.get(policy)?.policy;
        let record = decode(&state.exchange, policy, record_bytes)?;
        let after = record.forget_after(policy, Timestamp::from_nanos(now_ns));
        state.exchange.decision.forget_after_ns = after.as_nanos();
        Ok(0)
    })
}

fn apply(
    state: &mut State,
    policy: u32,
    record_bytes: u32,
    operation: &Operation,
    now_ns: u64,
) -> Result<i32, Error> {
    let policy = &state.policies.get(policy)?.policy;
    let mut record = decode(&state.exchange, policy, record_bytes)?;
    let decision = policy.apply(&mut record, operation, Timestamp::from_nanos(now_ns));
    let Exchange { decision: fields, record: out, .. } = &mut state.exchange;
    fields.write(&decision);
    state.bytes.clear();
    if decision.changed() {
        decision.record().encode_into(policy, &mut state.bytes);
    }
    fields.record_bytes = state.bytes.len() as u32;
    // A record is never longer than the room for one.
    if let Some(out) = out.get_mut(..state.bytes.len()) {
        out.copy_from_slice(&state.bytes);
    }
    Ok(answer::code(&decision))
}

/// The record of a key; a fresh one for a key that was never seen.
fn decode(exchange: &Exchange, policy: &Policy, record_bytes: u32) -> Result<Record, Error> {
    if record_bytes == 0 {
        return Ok(Record::new(policy));
    }
    let bytes = exchange.record.get(..record_bytes as usize).ok_or(Error::RecordBytes)?;
    Record::decode(policy, bytes).map_err(|_| Error::CorruptRecord)
}
