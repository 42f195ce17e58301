//! Calls the module with the policies, through JavaScript, to decide on keys.

use alloc::vec::Vec;

use tollgate_core::{Acquire, Applied, Costs, Decide, Hold, Id, Operation, Timestamp};
use tollgate_js_border::answer;
use tollgate_js_border::convert::error;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A JavaScript object. Each method applies an operation to the record of a leg, or to an absent one, at
    /// a time in nanoseconds since the epoch.
    pub type Decider;

    #[wasm_bindgen(method, catch)]
    fn acquire(
        this: &Decider,
        leg: usize,
        record: Option<Vec<u8>>,
        now: u64,
        costs: Vec<f64>,
        share_permille: u16,
        hold: Option<Vec<u8>>,
        ttl: u64,
        once: Option<Vec<u8>>,
    ) -> Result<Said, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn settle(
        this: &Decider,
        leg: usize,
        record: Option<Vec<u8>>,
        now: u64,
        hold: Vec<u8>,
        costs: Option<Vec<f64>>,
    ) -> Result<Said, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn release(
        this: &Decider,
        leg: usize,
        record: Option<Vec<u8>>,
        now: u64,
        hold: Vec<u8>,
    ) -> Result<Said, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn renew(
        this: &Decider,
        leg: usize,
        record: Option<Vec<u8>>,
        now: u64,
        hold: Vec<u8>,
        ttl: u64,
    ) -> Result<Said, JsValue>;

    /// Its result: the other module's `Decided`.
    type Said;

    #[wasm_bindgen(method)]
    fn code(this: &Said) -> u32;

    #[wasm_bindgen(method)]
    fn numbers(this: &Said) -> Vec<u64>;

    #[wasm_bindgen(method)]
    fn record(this: &Said) -> Option<Vec<u8>>;

    #[wasm_bindgen(method)]
    fn free(this: &Said);
}

impl Decide for Decider {
    type Error = JsValue;

    fn apply(
        &self,
        leg: usize,
        record: Option<&[u8]>,
        operation: &Operation,
        now: Timestamp,
    ) -> Result<Applied, JsValue> {
        let (record, now) = (record.map(Vec::from), now.as_nanos());
        let said = match operation {
            Operation::Acquire(asked) => self.ask(leg, record, now, asked),
            Operation::Settle { hold, costs } => {
                self.settle(leg, record, now, bytes(*hold), costs.as_ref().map(numbers))
            }
            Operation::Release { hold } => self.release(leg, record, now, bytes(*hold)),
            Operation::Renew { hold } => {
                self.renew(leg, record, now, bytes(hold.id()), hold.ttl().as_nanos())
            }
            _ => Err(error("operation: is none of a machine")),
        }?;
        let applied = answer::applied(said.code(), &said.numbers(), said.record());
        said.free();
        applied.ok_or_else(|| error("decision: is none"))
    }
}

impl Decider {
    fn ask(
        &self,
        leg: usize,
        record: Option<Vec<u8>>,
        now: u64,
        asked: &Acquire,
    ) -> Result<Said, JsValue> {
        let Acquire { costs, share, hold, once } = asked;
        let (hold, ttl) = (hold.map(|it| bytes(it.id())), hold.map_or(0, ttl));
        let share = share.as_permille();
        self.acquire(leg, record, now, numbers(costs), share, hold, ttl, once.map(bytes))
    }
}

fn ttl(hold: Hold) -> u64 {
    hold.ttl().as_nanos()
}

fn bytes(id: Id) -> Vec<u8> {
    id.as_u128().to_be_bytes().into()
}

fn numbers(costs: &Costs) -> Vec<f64> {
    costs.as_slice().iter().map(|units| *units as f64).collect()
}
