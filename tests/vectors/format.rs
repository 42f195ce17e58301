//! The format of the vectors, for every test in Rust that runs them (`README.md` tells it in words).

use serde::{Deserialize, Deserializer};
use tollgate_core::{Algorithm, Limit, Policy, Span};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) vectors: Vec<Vector>,
}

impl File {
    /// The vectors of all meters.
    pub(crate) fn meter() -> Self {
        serde_json::from_str(include_str!("meter.json")).unwrap()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vector {
    pub(crate) why: String,
    pub(crate) policy: PolicyText,
    pub(crate) record: Option<String>,
    pub(crate) steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) why: String,
    pub(crate) policy: Option<PolicyText>,
    #[serde(deserialize_with = "nanos")]
    pub(crate) now_ns: u64,
    pub(crate) costs: Vec<u64>,
    pub(crate) expect: Expected,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    pub(crate) verdict: String,
    pub(crate) changed: bool,
    pub(crate) limits: Vec<Standing>,
    pub(crate) record: String,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Standing {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    #[serde(deserialize_with = "nanos")]
    pub(crate) retry_after_ns: u64,
    #[serde(deserialize_with = "nanos")]
    pub(crate) reset_after_ns: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyText {
    pub(crate) limits: Vec<LimitText>,
}

#[derive(Deserialize)]
#[serde(tag = "algorithm", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum LimitText {
    Gcra {
        name: String,
        limit: u64,
        burst: u64,
        #[serde(deserialize_with = "nanos")]
        per_ns: u64,
    },
    TokenBucket {
        name: String,
        capacity: u64,
        refill: u64,
        #[serde(deserialize_with = "nanos")]
        per_ns: u64,
    },
    LeakyBucket {
        name: String,
        capacity: u64,
        leak: u64,
        #[serde(deserialize_with = "nanos")]
        per_ns: u64,
    },
}

/// A decimal string, or "never".
fn nanos<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text == "never" {
        return Ok(Span::NEVER.as_nanos());
    }
    text.parse().map_err(serde::de::Error::custom)
}

impl PolicyText {
    /// The policy that the text describes.
    pub(crate) fn policy(self) -> Policy {
        Policy::new(self.limits.into_iter().map(LimitText::limit)).unwrap()
    }
}

impl LimitText {
    fn limit(self) -> Limit {
        let period = Span::from_nanos;
        let (name, algorithm) = match self {
            Self::Gcra { name, limit, burst, per_ns } => {
                (name, Algorithm::Gcra { limit, period: period(per_ns), burst })
            }
            Self::TokenBucket { name, capacity, refill, per_ns } => {
                let (period, initial) = (period(per_ns), capacity);
                (name, Algorithm::TokenBucket { capacity, refill, period, initial })
            }
            Self::LeakyBucket { name, capacity, leak, per_ns } => {
                (name, Algorithm::LeakyBucket { capacity, leak, period: period(per_ns) })
            }
        };
        Limit::new(&name, algorithm).unwrap()
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    assert!(rest.is_empty(), "{text} has half a byte");
    let byte = |pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.iter().map(|pair| byte(pair)).collect()
}
