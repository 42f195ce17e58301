//! A decision, whose parts JavaScript reads one by one.

use alloc::string::String;
use alloc::vec::Vec;

use tollgate_core::{Applied, Capacity, Change, Decision, Policy};
use tollgate_js_border::answer;
use wasm_bindgen::prelude::*;

/// The outcome of an operation on one record.
#[wasm_bindgen]
pub struct Decided {
    applied: Applied,
    capacities: Vec<(Option<Capacity>, Option<Change>)>,
}

#[wasm_bindgen]
impl Decided {
    /// Verdict and effect.
    pub fn code(&self) -> u32 {
        answer::code(self.applied.verdict, self.applied.effect)
    }

    /// All numbers, in nanoseconds (`answer.rs`).
    pub fn numbers(&self) -> Vec<u64> {
        answer::exact(&self.applied)
    }

    /// The record to write; `None` when it did not change.
    pub fn record(&self) -> Option<Vec<u8>> {
        self.applied.record.clone()
    }

    /// Capacity, original and period of the adaptive limit at this position; `None` for any other limit.
    pub fn capacity(&self, index: usize) -> Option<Vec<u64>> {
        let (capacity, _) = self.capacities.get(index)?;
        capacity.map(|it| [it.capacity, it.original, it.period.as_nanos()].to_vec())
    }

    /// When the capacity of the limit at this position was last changed, and to what.
    pub fn change(&self, index: usize) -> Option<Vec<u64>> {
        self.changed(index).map(|change| [change.at.as_nanos(), change.capacity].to_vec())
    }

    /// Who changed it.
    pub fn change_source(&self, index: usize) -> Option<String> {
        self.changed(index).map(|change| change.note.source().into())
    }

    /// Why it was changed.
    pub fn change_reason(&self, index: usize) -> Option<String> {
        self.changed(index).map(|change| change.note.reason().into())
    }
}

impl Decided {
    pub(crate) fn new(policy: &Policy, decision: &Decision<'_>) -> Self {
        let change = |index| decision.capacity_change(index).cloned();
        let capacities = (0..policy.limits().len())
            .map(|index| (decision.capacity(index), change(index)))
            .collect();
        Self { applied: Applied::new(policy, decision), capacities }
    }

    fn changed(&self, index: usize) -> Option<&Change> {
        self.capacities.get(index)?.1.as_ref()
    }
}
