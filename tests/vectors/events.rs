//! The format of the vectors of cooldowns and barriers, for every test in Rust that runs them
//! (`events.md` tells it in words).

#![allow(dead_code, reason = "no test uses all of it")]

mod hex;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tollgate_core::Id;

pub(crate) use self::hex::{hex, unhex};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File<Request> {
    pub(crate) vectors: Vec<Vector<Request>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vector<Request> {
    pub(crate) why: String,
    pub(crate) record: Option<String>,
    pub(crate) steps: Vec<Step<Request>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step<Request> {
    pub(crate) why: String,
    pub(crate) now_ns: String,
    pub(crate) request: Request,
    pub(crate) answer: Value,
    pub(crate) record: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum CooldownRequest {
    Report {
        id: String,
        source: String,
        code: String,
        label: Option<String>,
        duration_ns: String,
        safety_permille: Option<u16>,
    },
    LimitedBy {
        code: Option<String>,
        label: Option<String>,
    },
    Active {
        code: Option<String>,
        label: Option<String>,
    },
    CleanUp {},
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum BarrierRequest {
    Create { parties: u16, ttl_ns: String },
    Arrive { party: String, generation: String },
    Leave { party: String, generation: String },
    Query {},
}

impl<Request: DeserializeOwned> File<Request> {
    fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap()
    }
}

pub(crate) fn cooldown() -> File<CooldownRequest> {
    File::read(include_str!("cooldown.json"))
}

pub(crate) fn barrier() -> File<BarrierRequest> {
    File::read(include_str!("barrier.json"))
}

/// A decimal string.
pub(crate) fn decimal(text: &str) -> u64 {
    text.parse().unwrap()
}

/// 32 hex digits.
pub(crate) fn id(text: &str) -> Id {
    assert_eq!(text.len(), 32, "{text}");
    Id::from_u128(u128::from_str_radix(text, 16).unwrap())
}
