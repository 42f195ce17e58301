//! The shared vectors (`tests/vectors/README.md` tells the format), run on the core itself.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde::{Deserialize, Deserializer};
use tollgate_core::{Algorithm, Decision, Limit, Policy, Record, Span, Timestamp, Verdict};

const TEXT: &str = include_str!("../../../tests/vectors/meter.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    why: String,
    policy: PolicyText,
    record: Option<String>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    why: String,
    policy: Option<PolicyText>,
    #[serde(deserialize_with = "nanos")]
    now_ns: u64,
    costs: Vec<u64>,
    expect: Expected,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
struct Expected {
    verdict: String,
    changed: bool,
    limits: Vec<Standing>,
    record: String,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
struct Standing {
    limit: u64,
    remaining: u64,
    #[serde(deserialize_with = "nanos")]
    retry_after_ns: u64,
    #[serde(deserialize_with = "nanos")]
    reset_after_ns: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyText {
    limits: Vec<LimitText>,
}

#[derive(Deserialize)]
#[serde(tag = "algorithm", rename_all = "kebab-case", deny_unknown_fields)]
enum LimitText {
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
    fn policy(self) -> Policy {
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
                (name, Algorithm::TokenBucket { capacity, refill, period: period(per_ns) })
            }
            Self::LeakyBucket { name, capacity, leak, per_ns } => {
                (name, Algorithm::LeakyBucket { capacity, leak, period: period(per_ns) })
            }
        };
        Limit::new(&name, algorithm).unwrap()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    assert!(rest.is_empty(), "{text} has half a byte");
    let byte = |pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.iter().map(|pair| byte(pair)).collect()
}

/// What a decision says, as the vectors spell it.
fn said(policy: &Policy, decision: &Decision<'_>) -> Expected {
    let verdict = match decision.verdict() {
        Verdict::Allowed => "allowed",
        Verdict::Limited => "limited",
        Verdict::Impossible => "impossible",
    };
    let standing = |status: tollgate_core::LimitStatus| Standing {
        limit: status.limit,
        remaining: status.remaining,
        retry_after_ns: status.retry_after.as_nanos(),
        reset_after_ns: status.reset_after.as_nanos(),
    };
    Expected {
        verdict: verdict.to_owned(),
        changed: decision.changed(),
        limits: decision.limits().map(standing).collect(),
        record: hex(&decision.record().encode(policy)),
    }
}

/// Every step of every vector gives the verdict, the numbers and the bytes that stand there.
#[test]
fn the_core_does_what_the_vectors_say() {
    let file: File = serde_json::from_str(TEXT).unwrap();
    let mut steps = 0;
    for vector in file.vectors {
        let mut policy = vector.policy.policy();
        let mut bytes = match &vector.record {
            Some(text) => unhex(text),
            None => Record::new(&policy).encode(&policy),
        };
        for step in vector.steps {
            if let Some(text) = step.policy {
                policy = text.policy();
            }
            let mut record = Record::decode(&policy, &bytes).unwrap();
            let costs = policy.costs_in_order(&step.costs).unwrap();
            let decision = policy.decide(&mut record, &costs, Timestamp::from_nanos(step.now_ns));
            let said = said(&policy, &decision);
            assert_eq!(said, step.expect, "{} {}", vector.why, step.why);
            bytes = unhex(&said.record);
            steps += 1;
        }
    }
    // A file that lost its rows would pass as well.
    assert!(steps >= 50, "only {steps} steps");
}
