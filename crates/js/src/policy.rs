//! An open policy.

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use tollgate_core::{Costs, Record, Timestamp};
use tollgate_js_border::convert::{error, units};
use wasm_bindgen::prelude::*;

use crate::decided::Decided;
use crate::operation::Operation;

/// An open policy.
#[wasm_bindgen]
pub struct Policy(pub(crate) Rc<tollgate_core::Policy>);

#[wasm_bindgen]
impl Policy {
    /// How many limits it has.
    pub fn count(&self) -> usize {
        self.0.limits().len()
    }

    /// The name of the limit at this position.
    pub fn name(&self, index: usize) -> Option<String> {
        self.0.limits().get(index).map(|limit| String::from(&**limit.name()))
    }

    /// The cost of a request that names none for the limit at this position.
    pub fn default_cost(&self, index: usize) -> Option<f64> {
        let only = (self.count() == 1).then_some(1);
        let cost = self.0.limits().get(index)?.default_cost().or(only);
        cost.map(|units| units as f64)
    }

    /// Whether every request costs 1 unit of the limit at this position.
    pub fn is_per_call(&self, index: usize) -> bool {
        self.0.limits().get(index).is_some_and(tollgate_core::Limit::is_per_call)
    }

    /// Applies `operation` to a record, or to an absent one, at `now` nanoseconds since the epoch.
    pub fn apply(
        &self,
        record: Option<Vec<u8>>,
        operation: Operation,
        now: u64,
    ) -> Result<Decided, JsValue> {
        let mut record = self.decode(record.as_deref())?;
        let decision = self.0.apply(&mut record, &operation.0, Timestamp::from_nanos(now));
        Ok(Decided::new(&self.0, &decision))
    }

    /// Nanoseconds from `now` until a record decides as an absent one would.
    pub fn forget_after(&self, record: Vec<u8>, now: u64) -> Result<u64, JsValue> {
        let record = self.decode(Some(&record))?;
        Ok(record.forget_after(&self.0, Timestamp::from_nanos(now)).as_nanos())
    }
}

impl Policy {
    fn decode(&self, record: Option<&[u8]>) -> Result<Record, JsValue> {
        match record {
            Some(bytes) => Record::decode(&self.0, bytes)
                .map_err(|problem| error(format_args!("record: {problem}"))),
            None => Ok(Record::new(&self.0)),
        }
    }

    /// One number per limit.
    pub(crate) fn costs(&self, costs: &[f64]) -> Result<Costs, JsValue> {
        let costs: Vec<u64> = costs.iter().copied().map(units).collect();
        self.0.costs_in_order(&costs).map_err(|problem| error(format_args!("cost: {problem}")))
    }
}
