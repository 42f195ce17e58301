//! The result of changing a record.

use alloc::vec::Vec;

use wasm_bindgen::prelude::*;

/// The answer as a code and a number, and the record to write.
#[wasm_bindgen]
pub struct Answer {
    code: u32,
    number: u64,
    record: Option<Vec<u8>>,
}

#[wasm_bindgen]
impl Answer {
    /// Which of the answers it is.
    pub fn code(&self) -> u32 {
        self.code
    }

    /// The answer's number; 0 if it has none.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The record to write; `None` when it did not change.
    pub fn record(&self) -> Option<Vec<u8>> {
        self.record.clone()
    }
}

impl Answer {
    pub(crate) const fn new(code: u32, number: u64, record: Option<Vec<u8>>) -> Self {
        Self { code, number, record }
    }
}
