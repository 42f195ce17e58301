//! The exported functions over records that live in this module, in numbered slots that the host assigns.

use tollgate_core::{Operation, Record, Span, Timestamp};

use crate::answer;
use crate::error::Error;
use crate::exchange::{Batch, Exchange};
use crate::state;

/// Maximum records that live here, across all policies: about 300 MiB if no limit is a log.
const SLOTS_MAX: usize = 1 << 20;

/// Adds `count` slots to the policy; returns the first of them.
#[unsafe(no_mangle)]
extern "C" fn tollgate_slots_add(policy: u32, count: u32) -> i32 {
    state::with(|state| {
        let room = SLOTS_MAX.saturating_sub(state.policies.slots());
        let open = state.policies.get(policy)?;
        if count as usize > room {
            return Err(Error::TooManySlots);
        }
        let first = open.slots.len();
        let fresh = Record::new(&open.policy);
        open.slots.resize(first.saturating_add(count as usize), fresh);
        i32::try_from(first).map_err(|_| Error::TooManySlots)
    })
}

/// Resets the record in this slot to that of a key that was never seen.
#[unsafe(no_mangle)]
extern "C" fn tollgate_slot_clear(policy: u32, slot: u32) -> i32 {
    state::with(|state| {
        let open = state.policies.get(policy)?;
        let record = open.slots.get_mut(slot as usize).ok_or(Error::UnknownSlot)?;
        *record = Record::new(&open.policy);
        Ok(0)
    })
}

/// Applies the operation in the exchange to the record in this slot.
#[unsafe(no_mangle)]
extern "C" fn tollgate_slot_apply(policy: u32, slot: u32, now_ns: u64) -> i32 {
    state::with(|state| {
        let open = state.policies.get(policy)?;
        let operation = state.exchange.operation.operation(&open.policy)?;
        let record = open.slots.get_mut(slot as usize).ok_or(Error::UnknownSlot)?;
        let decision = open.policy.apply(record, &operation, Timestamp::from_nanos(now_ns));
        state.exchange.decision.write(&decision);
        state.exchange.decision.record_bytes = 0;
        Ok(answer::code(&decision))
    })
}

/// Charges the costs in the exchange to each of the first `count` slots in its batch, or nothing to
/// those that have no room; returns how many passed.
#[unsafe(no_mangle)]
extern "C" fn tollgate_slots_acquire(policy: u32, count: u32, now_ns: u64) -> i32 {
    state::with(|state| {
        let open = state.policies.get(policy)?;
        let Exchange { operation, batch, .. } = &mut state.exchange;
        let asked: Operation = operation.costs(&open.policy)?.into();
        let Batch { slots, retry_after_ns, verdicts } = batch;
        let slots = slots.get(..count as usize).ok_or(Error::BatchLength)?;
        // Nothing is charged when any slot is wrong.
        if slots.iter().any(|slot| *slot as usize >= open.slots.len()) {
            return Err(Error::UnknownSlot);
        }
        let (now, mut passed) = (Timestamp::from_nanos(now_ns), 0);
        for ((slot, retry_after), verdict) in slots.iter().zip(retry_after_ns).zip(verdicts) {
            let record = open.slots.get_mut(*slot as usize).ok_or(Error::UnknownSlot)?;
            let decision = open.policy.apply(record, &asked, now);
            *verdict = decision.verdict().code();
            *retry_after = decision.retry_after().as_nanos();
            passed += i32::from(*verdict == 0);
        }
        Ok(passed)
    })
}

/// The first of the `count` slots from `start` whose record decides as a fresh one would.
#[unsafe(no_mangle)]
extern "C" fn tollgate_slots_forgettable(policy: u32, start: u32, count: u32, now_ns: u64) -> i32 {
    state::with(|state| {
        let open = state.policies.get(policy)?;
        let now = Timestamp::from_nanos(now_ns);
        let mut some = open.slots.iter().enumerate().skip(start as usize).take(count as usize);
        let found = some.find(|(_, record)| record.forget_after(&open.policy, now) == Span::ZERO);
        let (slot, _) = found.ok_or(Error::UnknownSlot)?;
        i32::try_from(slot).map_err(|_| Error::UnknownSlot)
    })
}
