//! A limiter that decides nothing: it exports what the real one does, takes the same arguments and
//! answers something of the same size.
//!
//! What a call costs here is the price of the border alone: arguments copied in, an answer allocated,
//! filled and copied out. On a target other than WebAssembly the crate is empty.
#![no_std]
#![cfg(target_family = "wasm")]

extern crate alloc;

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use bindings::exports::tollgate::limiter::{keyed as wit_keyed, limiter as wit};

#[allow(unreachable_pub, clippy::undocumented_unsafe_blocks, reason = "generated code")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/limiter",
        world: "keyed-limiter",
    });
}

/// As in the real limiter.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// Bytes of a record of one meter limit.
const RECORD_BYTES: usize = 23;

/// The policy that admits: its answers have a record. Those of every other id have none, as denials.
const ADMITTING: u32 = 0;

const STATUS: wit::LimitStatus = wit::LimitStatus {
    verdict: wit::Verdict::Allowed,
    limit: 10,
    remaining: 9,
    held: 0,
    retry_after: 0,
    reset_after: 1,
    delay: 0,
};

struct NullLimiter;

impl wit::Guest for NullLimiter {
    fn open_policy(_: Vec<wit::Limit>) -> Result<u32, wit::OpenError> {
        Ok(ADMITTING)
    }

    fn close_policy(_: u32) {}

    fn apply(
        policy: u32,
        _: Option<Vec<u8>>,
        _: wit::Operation,
        _: u64,
    ) -> Result<wit::Decision, wit::DecideError> {
        Ok(wit::Decision {
            verdict: wit::Verdict::Allowed,
            effect: wit::Effect::Charged,
            retry_after: 0,
            closed_for: 0,
            delay: 0,
            limits: vec![STATUS],
            record: (policy == ADMITTING).then(|| vec![0; RECORD_BYTES]),
        })
    }

    fn decide_batch(_: u32, batch: wit::Batch) -> Result<wit::BatchDecisions, wit::DecideError> {
        let requests = batch.times.len();
        Ok(wit::BatchDecisions {
            verdicts: vec![0; requests],
            numbers: vec![1; requests * 4],
            records: vec![0; requests * RECORD_BYTES],
            record_lengths: vec![RECORD_BYTES as u32; requests],
        })
    }

    fn capacity_of(
        _: u32,
        _: Option<Vec<u8>>,
        _: u32,
        _: u64,
    ) -> Result<Option<wit::Capacity>, wit::DecideError> {
        Ok(None)
    }

    fn forget_after(_: u32, _: Vec<u8>, _: u64) -> Result<u64, wit::DecideError> {
        Ok(0)
    }

    fn carry_over(
        _: u32,
        _: Option<Vec<u8>>,
        _: wit::ChangeOfPolicy,
    ) -> Result<Vec<u8>, wit::DecideError> {
        Ok(vec![0; RECORD_BYTES])
    }
}

impl wit_keyed::Guest for NullLimiter {
    fn open(_: u32, _: u32, _: u64) -> Result<u32, wit_keyed::OpenError> {
        Ok(0)
    }

    fn close(_: u32) {}

    fn intern(_: u32, _: String, _: u64) -> Result<u64, wit_keyed::KeyedError> {
        Ok(0)
    }

    fn acquire(
        _: u32,
        _: u64,
        _: u64,
        _: u64,
    ) -> Result<wit_keyed::Admission, wit_keyed::KeyedError> {
        Ok(wit_keyed::Admission { verdict: wit::Verdict::Allowed, retry_after: 0, delay: 0 })
    }

    fn acquire_batch(
        _: u32,
        keys: Vec<u64>,
        _: Vec<u64>,
        _: u64,
    ) -> Result<wit_keyed::Admissions, wit_keyed::KeyedError> {
        let (verdicts, numbers) = (vec![0; keys.len()], vec![0; keys.len() * 2]);
        Ok(wit_keyed::Admissions { verdicts, numbers })
    }

    fn apply(
        _: u32,
        _: u64,
        _: wit::Operation,
        _: u64,
    ) -> Result<wit::Decision, wit_keyed::KeyedError> {
        Err(wit_keyed::KeyedError::UnknownHandle)
    }
}

bindings::export!(NullLimiter with_types_in bindings);
