//! The keys of an operation on several.

use alloc::string::String;
use alloc::vec::Vec;

use tollgate_core::Costs;
use tollgate_js_border::convert::{error, units};
use wasm_bindgen::prelude::*;

use crate::decider::Decider;

/// Keys, the costs for each, and the deciders for them.
#[wasm_bindgen]
pub struct Legs {
    pub(crate) decider: Decider,
    pub(crate) keys: Vec<String>,
    pub(crate) costs: Vec<Option<Costs>>,
}

#[wasm_bindgen]
impl Legs {
    /// No keys yet.
    #[wasm_bindgen(constructor)]
    pub fn new(decider: Decider) -> Self {
        Self { decider, keys: Vec::new(), costs: Vec::new() }
    }

    /// Adds a key; without costs, what was held is meant.
    pub fn add(&mut self, key: String, costs: Option<Vec<f64>>) -> Result<(), JsValue> {
        let carried = |costs: Vec<f64>| {
            let costs: Vec<u64> = costs.into_iter().map(units).collect();
            Costs::carried(&costs).ok_or_else(|| error("cost: is none"))
        };
        self.keys.push(key);
        self.costs.push(costs.map(carried).transpose()?);
        Ok(())
    }
}
