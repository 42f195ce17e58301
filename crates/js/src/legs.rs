//! What is asked of several keys.

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use tollgate_core::{Applied, Costs, Decide, DecideError, Operation, Policy as Core, Timestamp};
use wasm_bindgen::prelude::*;

use crate::policy::Policy;

/// Keys, each with its policy and what it is asked for.
#[wasm_bindgen]
#[derive(Default)]
pub struct Legs {
    pub(crate) policies: Policies,
    pub(crate) keys: Vec<String>,
    pub(crate) costs: Vec<Option<Costs>>,
}

#[wasm_bindgen]
impl Legs {
    /// No keys yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// One key more; without costs where what was held is meant.
    pub fn add(
        &mut self,
        policy: &Policy,
        key: String,
        costs: Option<Vec<f64>>,
    ) -> Result<(), JsValue> {
        let costs = costs.map(|costs| policy.costs(&costs)).transpose()?;
        self.policies.0.push(policy.0.clone());
        self.keys.push(key);
        self.costs.push(costs);
        Ok(())
    }
}

/// One policy per key.
#[derive(Default)]
pub(crate) struct Policies(Vec<Rc<Core>>);

impl Decide for Policies {
    type Error = DecideError;

    fn apply(
        &self,
        leg: usize,
        record: Option<&[u8]>,
        operation: &Operation,
        now: Timestamp,
    ) -> Result<Applied, DecideError> {
        let policies: Vec<&Core> = self.0.iter().map(|policy| &**policy).collect();
        (&*policies).apply(leg, record, operation, now)
    }
}
