//! The format of the vectors, for every test in Rust that runs them (`README.md` tells it in words).

mod hex;
mod operation;
mod policy;

use serde::{Deserialize, Deserializer};
use tollgate_core::{LimitStatus, Span};

#[allow(unused_imports, reason = "no test uses all of it")]
pub(crate) use self::hex::{hex, unhex};
pub(crate) use operation::OperationText;
pub(crate) use policy::PolicyText;

/// Every file: its name, the fewest steps it may have, and its text.
const FILES: [(&str, usize, &str); 16] = [
    ("adaptive", 60, include_str!("adaptive.json")),
    ("concurrency", 40, include_str!("concurrency.json")),
    ("control", 40, include_str!("control.json")),
    ("fixed-window", 40, include_str!("fixed-window.json")),
    ("gcra", 40, include_str!("gcra.json")),
    ("holds", 50, include_str!("holds.json")),
    ("interval-bucket", 25, include_str!("interval-bucket.json")),
    ("leaky-bucket", 25, include_str!("leaky-bucket.json")),
    ("leaky-queue", 25, include_str!("leaky-queue.json")),
    ("requests", 40, include_str!("requests.json")),
    ("several", 25, include_str!("several.json")),
    ("shadow", 20, include_str!("shadow.json")),
    ("shares", 25, include_str!("shares.json")),
    ("sliding-counter", 35, include_str!("sliding-counter.json")),
    ("sliding-log", 35, include_str!("sliding-log.json")),
    ("token-bucket", 55, include_str!("token-bucket.json")),
];

/// The record of a key that was never seen.
const NEVER_SEEN: &[u8] = &[1];

/// One file of vectors.
pub(crate) struct File {
    pub(crate) name: &'static str,
    /// A file that lost its rows would pass as well.
    pub(crate) steps_min: usize,
    pub(crate) vectors: Vec<Vector>,
}

/// All files, in the order of their names.
pub(crate) fn files() -> impl Iterator<Item = File> {
    FILES.into_iter().map(|(name, steps_min, text)| {
        let content: Content = serde_json::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        File { name, steps_min, vectors: content.vectors }
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vector {
    pub(crate) why: String,
    pub(crate) policy: PolicyText,
    record: Option<String>,
    pub(crate) steps: Vec<Step>,
}

impl Vector {
    /// The bytes to start from.
    pub(crate) fn record(&self) -> Vec<u8> {
        self.record.as_deref().map_or_else(|| NEVER_SEEN.to_vec(), unhex)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) why: String,
    pub(crate) policy: Option<PolicyText>,
    #[serde(deserialize_with = "nanos")]
    pub(crate) now_ns: u64,
    pub(crate) operation: OperationText,
    pub(crate) expect: Expected,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    pub(crate) verdict: String,
    pub(crate) effect: String,
    pub(crate) changed: bool,
    #[serde(deserialize_with = "nanos")]
    pub(crate) retry_after_ns: u64,
    pub(crate) limits: Vec<Standing>,
    pub(crate) record: String,
}

/// Where one limit stands.
#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Standing {
    pub(crate) verdict: String,
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    pub(crate) held: u64,
    #[serde(deserialize_with = "nanos")]
    pub(crate) retry_after_ns: u64,
    #[serde(deserialize_with = "nanos")]
    pub(crate) reset_after_ns: u64,
    #[serde(deserialize_with = "nanos")]
    pub(crate) delay_ns: u64,
    pub(crate) capacity: Option<CapacityText>,
}

/// As a decision tells it; what is in force of a capacity is told beside it.
impl From<LimitStatus> for Standing {
    fn from(status: LimitStatus) -> Self {
        Self {
            verdict: status.verdict.as_str().to_owned(),
            limit: status.limit,
            remaining: status.remaining,
            held: status.held,
            retry_after_ns: status.retry_after.as_nanos(),
            reset_after_ns: status.reset_after.as_nanos(),
            delay_ns: status.delay.as_nanos(),
            capacity: None,
        }
    }
}

/// What is in force for an adaptive limit.
#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct CapacityText {
    pub(crate) capacity: u64,
    pub(crate) original: u64,
    #[serde(deserialize_with = "nanos")]
    pub(crate) per_ns: u64,
}

/// A decimal string, or "never".
pub(crate) fn nanos<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text == "never" {
        return Ok(Span::NEVER.as_nanos());
    }
    text.parse().map_err(serde::de::Error::custom)
}

/// The same, where it may be left out.
pub(crate) fn nanos_if_any<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    nanos(deserializer).map(Some)
}
