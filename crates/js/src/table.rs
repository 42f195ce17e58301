//! Records in this module's memory, in slots whose numbers JavaScript keeps per key.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;

use tollgate_core::{
    CompactRecord, Decision, Effect, LIMITS_MAX, Operation, Policy as Core, Span, Timestamp,
    Verdict,
};
use tollgate_js_border::answer::code;
use tollgate_js_border::convert::{timestamp, units};
use wasm_bindgen::prelude::*;

use crate::answer::{NUMBERS_MAX, write, write_plain};
use crate::operation::Operation as Given;
use crate::policy::Policy;

/// Numbers that JavaScript writes and reads in place.
#[repr(C)]
struct Exchange {
    /// The costs of the next request, one number per limit.
    costs: [f64; LIMITS_MAX],
    /// The numbers of the last decision (`answer.rs`).
    numbers: [f64; NUMBERS_MAX],
}

/// The records of a limiter.
#[wasm_bindgen]
pub struct Table {
    policy: Rc<Core>,
    records: Vec<CompactRecord>,
    /// The last costs and their operation, for reuse: most requests cost the same, and building an
    /// operation takes longer than deciding it.
    asked: ([f64; LIMITS_MAX], Operation),
    exchange: Box<Exchange>,
}

#[wasm_bindgen]
impl Table {
    /// A table without records.
    #[wasm_bindgen(constructor)]
    pub fn new(policy: &Policy) -> Self {
        Self {
            policy: policy.0.clone(),
            records: Vec::new(),
            asked: ([0.0; LIMITS_MAX], policy.0.no_costs().into()),
            exchange: Box::new(Exchange { costs: [0.0; LIMITS_MAX], numbers: [0.0; NUMBERS_MAX] }),
        }
    }

    /// The numbers' address in this module's memory: [`LIMITS_MAX`] costs, then the numbers of a decision.
    pub fn exchange(&self) -> *const f64 {
        core::ptr::from_ref(&*self.exchange).cast()
    }

    /// Adds a record; returns its slot.
    pub fn grow(&mut self) -> usize {
        self.records.push(CompactRecord::new(&self.policy));
        self.records.len() - 1
    }

    /// Resets the record in this slot to that of a key that was never seen.
    pub fn clear(&mut self, slot: usize) {
        if let Some(record) = self.records.get_mut(slot) {
            *record = CompactRecord::new(&self.policy);
        }
    }

    /// Asks for the costs. Returns verdict and effect.
    pub fn acquire(&mut self, slot: usize, now_ms: f64) -> u32 {
        if !self.ask() {
            return WRONG;
        }
        let Some(record) = self.records.get_mut(slot) else { return WRONG };
        decide(&mut self.exchange, &self.policy, record, &self.asked.1, timestamp(now_ms))
    }

    /// What `acquire` would return. The record is not changed.
    pub fn would_acquire(&mut self, slot: usize, now_ms: f64) -> u32 {
        if !self.ask() {
            return WRONG;
        }
        let Some(mut record) = self.records.get(slot).cloned() else { return WRONG };
        decide(&mut self.exchange, &self.policy, &mut record, &self.asked.1, timestamp(now_ms))
    }

    /// Applies `operation`. Returns verdict and effect.
    pub fn apply(&mut self, slot: usize, operation: Given, now_ms: f64) -> u32 {
        let Some(record) = self.records.get_mut(slot) else { return WRONG };
        decide(&mut self.exchange, &self.policy, record, &operation.0, timestamp(now_ms))
    }

    /// The bytes of the record in this slot, for rare operations.
    pub fn record(&self, slot: usize) -> Option<Vec<u8>> {
        Some(self.records.get(slot)?.encode(&self.policy))
    }

    /// The first of the `count` slots from `start` whose record decides as a fresh one would, or -1.
    pub fn forgettable(&self, start: usize, count: usize, now_ms: f64) -> i32 {
        let now = timestamp(now_ms);
        let mut some = self.records.iter().enumerate().skip(start).take(count);
        let found = some.find(|(_, record)| record.forget_after(&self.policy, now) == Span::ZERO);
        found.and_then(|(slot, _)| i32::try_from(slot).ok()).unwrap_or(-1)
    }
}

impl Table {
    /// Prepares the operation. Returns false if a cost is invalid, which JavaScript has ruled out.
    #[inline]
    fn ask(&mut self) -> bool {
        let (costs, count) = (&self.exchange.costs, self.policy.limits().len());
        let is_same = costs.iter().zip(&self.asked.0).take(count).all(|(cost, last)| cost == last);
        is_same || self.ask_anew()
    }

    #[cold]
    #[inline(never)]
    fn ask_anew(&mut self) -> bool {
        let (costs, count) = (&self.exchange.costs, self.policy.limits().len());
        let units = costs.map(units);
        let Ok(asked) = self.policy.costs_in_order(units.get(..count).unwrap_or_default()) else {
            return false;
        };
        self.asked = (*costs, asked.into());
        true
    }
}

/// Decides, and writes the numbers where JavaScript reads them.
fn decide(
    exchange: &mut Exchange,
    policy: &Core,
    record: &mut CompactRecord,
    operation: &Operation,
    now: Timestamp,
) -> u32 {
    if let Operation::Acquire(asked) = operation
        && let Some(plain) = record.decide_plain(policy, asked, now)
    {
        write_plain(&mut exchange.numbers, &plain);
        let effect =
            if plain.verdict() == Verdict::Allowed { Effect::Charged } else { Effect::None };
        return code(plain.verdict(), effect);
    }
    let said = |decision: Decision<'_>| {
        write(&mut exchange.numbers, &decision);
        code(decision.verdict(), decision.effect())
    };
    record.apply(policy, operation, now, said)
}

/// The answer to wrong arguments, which JavaScript never passes.
const WRONG: u32 = u32::MAX;
