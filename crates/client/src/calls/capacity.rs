//! Adaptive capacities: `GET /v1/capacity/{policy}/{key}`, `POST /v1/capacity/set`, `/clear` and
//! `/reduce`.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::{Call, segment};
use crate::answer::Limits;
use crate::error::ClientError;
use crate::heard::Heard;
use crate::millis;

/// An adaptive limit of a key, and who changes it.
///
/// ```
/// use tollgate_client::AdaptiveLimit;
///
/// let calls = AdaptiveLimit::new("upstream", "openai").of("calls").because("agent-3", "429");
/// # drop(calls);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdaptiveLimit {
    policy: String,
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// What is in force for an adaptive limit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Capacity {
    /// The name of the limit.
    pub limit: String,
    /// The units per period.
    pub capacity: u64,
    /// The units per period to which it recovers.
    pub original: u64,
    /// The period.
    #[serde(rename = "per_ms", deserialize_with = "millis::read")]
    pub per: Duration,
    /// The units that could be asked for now.
    pub available: u64,
    /// The units that are held.
    pub in_flight: u64,
    /// The last explicit change.
    pub change: Option<CapacityChange>,
}

/// A change of a capacity.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CapacityChange {
    /// When.
    #[serde(rename = "at_ms", deserialize_with = "millis::read_time")]
    pub at: SystemTime,
    /// The new units per period.
    pub capacity: u64,
    /// By whom.
    pub source: String,
    /// Why.
    pub reason: String,
}

#[derive(Serialize)]
struct ChangeBody<'a> {
    #[serde(flatten)]
    limit: &'a AdaptiveLimit,
    #[serde(skip_serializing_if = "Option::is_none")]
    capacity: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    per_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    factor_permille: Option<u16>,
}

#[derive(Deserialize)]
struct Capacities {
    capacities: Vec<Capacity>,
}

#[derive(Deserialize)]
struct Done {
    limits: Limits,
}

impl AdaptiveLimit {
    /// The only limit of a policy, for a key.
    #[must_use]
    pub fn new(policy: &str, key: &str) -> Self {
        let (policy, key) = (policy.to_owned(), key.to_owned());
        Self { policy, key, limit: None, source: None, reason: None }
    }

    /// The limit of this name.
    #[must_use]
    pub fn of(mut self, limit: &str) -> Self {
        self.limit = Some(limit.to_owned());
        self
    }

    /// Who changes it (64 bytes at most), and why (256 bytes). Both are shown with the capacity.
    #[must_use]
    pub fn because(mut self, source: &str, reason: &str) -> Self {
        self.source = Some(source.to_owned());
        self.reason = Some(reason.to_owned());
        self
    }

    const fn change(&self) -> ChangeBody<'_> {
        ChangeBody { limit: self, capacity: None, per_ms: None, factor_permille: None }
    }
}

pub(crate) fn capacity(policy: &str, key: &str) -> Call<Vec<Capacity>> {
    let path = format!("/v1/capacity/{}/{}", segment(policy), segment(key));
    Call::get(path, |heard| heard.json().map(|it: Capacities| it.capacities))
}

/// Safe to repeat: setting the same again changes nothing.
pub(crate) fn set_capacity(
    limit: &AdaptiveLimit,
    capacity: u64,
    per: Option<Duration>,
) -> Call<Limits> {
    let (capacity, per_ms) = (Some(capacity), per.map(millis::of));
    let body = ChangeBody { capacity, per_ms, ..limit.change() };
    Call::post("/v1/capacity/set", &body, true, limits)
}

pub(crate) fn clear_capacity(limit: &AdaptiveLimit) -> Call<Limits> {
    Call::post("/v1/capacity/clear", &limit.change(), true, limits)
}

/// Not safe to repeat: it would reduce twice.
pub(crate) fn reduce_capacity(limit: &AdaptiveLimit, factor_permille: Option<u16>) -> Call<Limits> {
    let body = ChangeBody { factor_permille, ..limit.change() };
    Call::post("/v1/capacity/reduce", &body, false, limits)
}

fn limits(heard: &Heard) -> Result<Limits, ClientError> {
    heard.json().map(|it: Done| it.limits)
}
