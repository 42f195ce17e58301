//! Records in this module's memory, found by a number that JavaScript keeps per key.

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

/// Numbers that JavaScript writes and reads where they are.
#[repr(C)]
struct Exchange {
    /// What the next request asks for, one number per limit.
    costs: [f64; LIMITS_MAX],
    /// What the last decision says (`answer.rs`).
    numbers: [f64; NUMBERS_MAX],
}

/// The records of a limiter.
#[wasm_bindgen]
pub struct Table {
    policy: Rc<Core>,
    records: Vec<CompactRecord>,
    /// What was asked for last, ready to be asked for again: most requests cost the same, and making
    /// an operation of numbers takes longer than deciding it.
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

    /// Where in this module's memory the numbers are: [`LIMITS_MAX`] costs, then what a decision says.
    pub fn exchange(&self) -> *const f64 {
        core::ptr::from_ref(&*self.exchange).cast()
    }

    /// A record more; says its slot.
    pub fn grow(&mut self) -> usize {
        self.records.push(CompactRecord::new(&self.policy));
        self.records.len() - 1
    }

    /// Makes of the record in this slot one of a key that was never seen.
    pub fn clear(&mut self, slot: usize) {
        if let Some(record) = self.records.get_mut(slot) {
            *record = CompactRecord::new(&self.policy);
        }
    }

    /// Asks for the costs. Answers verdict and effect.
    pub fn acquire(&mut self, slot: usize, now_ms: f64) -> u32 {
        if !self.ask() {
            return WRONG;
        }
        let Some(record) = self.records.get_mut(slot) else { return WRONG };
        decide(&mut self.exchange, &self.policy, record, &self.asked.1, timestamp(now_ms))
    }

    /// What `acquire` would answer. The record stays as it is.
    pub fn would_acquire(&mut self, slot: usize, now_ms: f64) -> u32 {
        if !self.ask() {
            return WRONG;
        }
        let Some(mut record) = self.records.get(slot).cloned() else { return WRONG };
        decide(&mut self.exchange, &self.policy, &mut record, &self.asked.1, timestamp(now_ms))
    }

    /// Does `operation`. Answers verdict and effect.
    pub fn apply(&mut self, slot: usize, operation: Given, now_ms: f64) -> u32 {
        let Some(record) = self.records.get_mut(slot) else { return WRONG };
        decide(&mut self.exchange, &self.policy, record, &operation.0, timestamp(now_ms))
    }

    /// The bytes of the record in this slot, for what is asked seldom.
    pub fn record(&self, slot: usize) -> Option<Vec<u8>> {
        Some(self.records.get(slot)?.encode(&self.policy))
    }

    /// The first slot of `count` from `start` on whose record decides as none would, or -1.
    pub fn forgettable(&self, start: usize, count: usize, now_ms: f64) -> i32 {
        let now = timestamp(now_ms);
        let mut some = self.records.iter().enumerate().skip(start).take(count);
        let found = some.find(|(_, record)| record.forget_after(&self.policy, now) == Span::ZERO);
        found.and_then(|(slot, _)| i32::try_from(slot).ok()).unwrap_or(-1)
    }
}

impl Table {
    /// Makes ready what is asked for. JavaScript has checked the costs; were one wrong, it would be denied.
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

/// Decides, and writes what there is to say where JavaScript reads it.
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

/// The answer to what JavaScript never asks.
const WRONG: u32 = u32::MAX;
