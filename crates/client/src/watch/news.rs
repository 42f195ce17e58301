//! What a watcher is told.

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::ClientError;
use crate::millis;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum News {
    /// A capacity was set, cleared, or ended by a reset.
    Capacity(CapacityNews),
    /// A capacity was reduced.
    Reduced(CapacityNews),
    /// A capacity has grown by a step, by itself.
    Recovered(CapacityNews),
    /// A key is denied that had not been for a while.
    Limited(LimitedNews),
    /// An upstream refused a call.
    Event(EventNews),
    /// More happened since the last event of this watcher than the service keeps.
    Missed {
        /// How many events were missed; `None` if the service does not know.
        events: Option<u64>,
    },
}

/// A capacity that changed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CapacityNews {
    /// Under which policy.
    pub policy: String,
    /// Of which key.
    pub key: String,
    /// Of which of its limits.
    pub limit: String,
    /// So many units per period are in force.
    pub capacity: u64,
    /// The units per period to which it recovers.
    pub original: u64,
    /// The period.
    #[serde(rename = "per_ms", deserialize_with = "millis::read")]
    pub per: Duration,
    /// By whom; `None` if it recovered.
    pub source: Option<String>,
    /// Why; `None` if it recovered.
    pub reason: Option<String>,
    /// When.
    #[serde(rename = "at_ms", deserialize_with = "millis::read_time")]
    pub at: SystemTime,
}

/// A key that became limited.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LimitedNews {
    /// Under which policy.
    pub policy: String,
    /// Which key.
    pub key: String,
    /// The wait that it was told; `None` if waiting does not help.
    #[serde(rename = "retry_after_ms", deserialize_with = "millis::read_wait")]
    pub retry_after: Option<Duration>,
    /// When.
    #[serde(rename = "at_ms", deserialize_with = "millis::read_time")]
    pub at: SystemTime,
}

/// An upstream that refused a call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EventNews {
    /// Which upstream.
    pub upstream: String,
    /// What it said.
    pub code: String,
    /// What it is about.
    pub label: Option<String>,
    /// How long it counts.
    #[serde(rename = "expires_at_ms", deserialize_with = "millis::read_time")]
    pub expires_at: SystemTime,
    /// When it was reported.
    #[serde(rename = "at_ms", deserialize_with = "millis::read_time")]
    pub at: SystemTime,
}

#[derive(Deserialize)]
struct MissedText {
    events: Option<u64>,
}

impl News {
    /// What an event of this name says with its data; `None` for a name that only a later version knows.
    pub(super) fn read(name: &str, data: &str) -> Option<Result<Self, ClientError>> {
        Some(match name {
            "capacity" => told(data).map(Self::Capacity),
            "reduced" => told(data).map(Self::Reduced),
            "recovered" => told(data).map(Self::Recovered),
            "limited" => told(data).map(Self::Limited),
            "event" => told(data).map(Self::Event),
            "missed" => told(data).map(|MissedText { events }| Self::Missed { events }),
            _ => return None,
        })
    }
}

fn told<T: DeserializeOwned>(data: &str) -> Result<T, ClientError> {
    serde_json::from_str(data)
        .map_err(|_| ClientError::protocol("an event of the stream is not what it is called"))
}
