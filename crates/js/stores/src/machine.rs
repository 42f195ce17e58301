//! The machines of the core that work on several keys of a store, for a driver in JavaScript.

use alloc::boxed::Box;
use alloc::vec::Vec;

use tollgate_core::{
    Acquisition, Ending, Hold, LeaseUpdate, Machine as Core, Outcome, Span, Step, Swap,
};
use tollgate_js_border::answer;
use tollgate_js_border::convert::{error, id, timestamp};
use wasm_bindgen::prelude::*;

use crate::legs::Legs;

/// A machine and the step that it is at.
#[wasm_bindgen]
pub struct Machine {
    machine: Box<dyn Core<Error = JsValue>>,
    step: Option<Step>,
}

#[wasm_bindgen]
impl Machine {
    /// Acquires the costs of every key, all or nothing, once; holds them when `ttl` is not 0.
    pub fn acquire(legs: Legs, request: &[u8], ttl: u64) -> Result<Self, JsValue> {
        let Legs { decider, keys, costs } = legs;
        let costs = costs.into_iter().map(|it| it.ok_or_else(|| error("cost: is missing")));
        let costs = costs.collect::<Result<Vec<_>, _>>()?;
        let asked: Vec<_> = keys.iter().map(|key| &**key).zip(costs).collect();
        let machine = Acquisition::new(decider, id(request)?, &asked).map_err(error)?.once();
        Ok(match ttl {
            0 => Self::new(machine),
            ttl => Self::new(machine.with_lease(Span::from_nanos(ttl)).map_err(error)?),
        })
    }

    /// Ends a lease on all its keys.
    pub fn settle(legs: Legs, lease: &[u8]) -> Result<Self, JsValue> {
        let Legs { decider, keys, costs } = legs;
        let asked: Vec<_> = keys.iter().map(|key| &**key).zip(costs).collect();
        LeaseUpdate::settle(decider, id(lease)?, &asked).map(Self::new).map_err(error)
    }

    /// Ends a lease on all its keys, and charges nothing.
    pub fn release(legs: Legs, lease: &[u8]) -> Result<Self, JsValue> {
        let keys: Vec<_> = legs.keys.iter().map(|key| &**key).collect();
        LeaseUpdate::release(legs.decider, id(lease)?, &keys).map(Self::new).map_err(error)
    }

    /// Extends a lease to this long from now.
    pub fn renew(legs: Legs, lease: &[u8], ttl: u64) -> Result<Self, JsValue> {
        let lease = Hold::new(id(lease)?, Span::from_nanos(ttl))
            .ok_or_else(|| error("ttlMs: must be longer than nothing, at most 31 days"))?;
        let keys: Vec<_> = legs.keys.iter().map(|key| &**key).collect();
        LeaseUpdate::renew(legs.decider, lease, &keys).map(Self::new).map_err(error)
    }

    /// What to do next: 0 to load, 1 to swap, 2 to wait; 3 when it is over.
    pub fn next(&mut self, now_ms: f64) -> Result<u32, JsValue> {
        let step = self.machine.next(timestamp(now_ms))?;
        let code = match &step {
            Step::Load { .. } => 0,
            Step::Swap { .. } => 1,
            Step::Wait { .. } => 2,
            Step::Done(_) => 3,
        };
        self.step = Some(step);
        Ok(code)
    }

    /// The key that the step is about, or how often the machine has waited.
    pub fn number(&self) -> usize {
        match &self.step {
            Some(Step::Load { leg } | Step::Swap { leg, .. }) => *leg,
            Some(Step::Wait { attempt }) => *attempt as usize,
            _ => 0,
        }
    }

    /// The record to swap in.
    pub fn record(&self) -> Option<Vec<u8>> {
        match &self.step {
            Some(Step::Swap { record, .. }) => Some(record.clone()),
            _ => None,
        }
    }

    pub fn loaded(&mut self, leg: usize, record: Option<Vec<u8>>) {
        self.machine.loaded(leg, record.as_deref());
    }

    pub fn failed(&mut self) {
        self.machine.failed();
    }

    /// Whether the swap was done; `None` when that is unknown.
    pub fn swapped(&mut self, done: Option<bool>) {
        self.machine.swapped(match done {
            Some(true) => Swap::Done,
            Some(false) => Swap::Conflict,
            None => Swap::Unknown,
        });
    }

    /// How it ended, in the order of [`Ending`].
    pub fn ending(&self) -> Option<u32> {
        self.outcome().map(|outcome| match outcome.ending {
            Ending::Allowed => 0,
            Ending::Denied => 1,
            Ending::Busy => 2,
            Ending::TimedOut => 3,
            Ending::Lost => 4,
            Ending::Failed => 5,
        })
    }

    /// Verdict and effect of the last decision on a key, if there was one.
    pub fn code(&self, leg: usize) -> Option<u32> {
        let applied = self.outcome()?.legs.get(leg)?.as_ref()?;
        Some(answer::code(applied.verdict, applied.effect))
    }

    /// All numbers of that decision, in nanoseconds (`answer.rs`).
    pub fn numbers(&self, leg: usize) -> Option<Vec<u64>> {
        self.outcome()?.legs.get(leg)?.as_ref().map(answer::exact)
    }
}

impl Machine {
    fn new(machine: impl Core<Error = JsValue> + 'static) -> Self {
        Self { machine: Box::new(machine), step: None }
    }

    fn outcome(&self) -> Option<&Outcome> {
        match &self.step {
            Some(Step::Done(outcome)) => Some(outcome),
            _ => None,
        }
    }
}
