//! What response headers say about an upstream's limits. Times are nanoseconds.

use alloc::string::String;
use alloc::vec::Vec;

use tollgate_core::feedback::{Feedback as Core, Level};
use tollgate_core::{Span, Timestamp};
use wasm_bindgen::prelude::*;

/// The headers of a response.
#[wasm_bindgen]
#[derive(Default)]
pub struct Headers(Vec<(String, String)>);

#[wasm_bindgen]
impl Headers {
    /// No headers yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a header.
    pub fn add(&mut self, name: String, value: String) {
        self.0.push((name, value));
    }
}

/// What an upstream said.
#[wasm_bindgen]
pub struct Feedback(Core);

#[wasm_bindgen]
impl Feedback {
    /// Reads the headers, for a response of this status.
    pub fn read(status: u16, headers: Headers, now: u64) -> Self {
        Self(Core::from_headers(status, headers.0, Timestamp::from_nanos(now)))
    }

    pub fn cooldown(&self) -> Option<u64> {
        self.0.cooldown.map(Span::as_nanos)
    }

    pub fn wait(&self) -> Option<u64> {
        self.0.wait().map(Span::as_nanos)
    }

    /// How many levels there are.
    pub fn levels(&self) -> usize {
        self.0.levels.len()
    }

    pub fn dimension(&self, level: usize) -> Option<String> {
        self.level(level).map(|level| level.dimension.as_str().into())
    }

    pub fn limit(&self, level: usize) -> Option<u64> {
        self.level(level)?.limit
    }

    pub fn remaining(&self, level: usize) -> Option<u64> {
        self.level(level)?.remaining
    }

    pub fn reset_after(&self, level: usize) -> Option<u64> {
        self.level(level)?.reset_after.map(Span::as_nanos)
    }
}

impl Feedback {
    fn level(&self, index: usize) -> Option<&Level> {
        self.0.levels.get(index)
    }
}
