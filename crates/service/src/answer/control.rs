//! Answers to operators.

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tollgate_core::LimitStatus;

use super::{LimitsBody, json};
use crate::limiter::{Capacity, Limiter};
use crate::opened::Opened;

#[derive(serde::Serialize)]
struct DoneBody<'a> {
    policy: &'a str,
    key: &'a str,
    limits: LimitsBody<'a>,
}

/// 200, with the state of each limit of the key now.
pub(crate) fn done<L: Limiter>(
    opened: &Opened<L>,
    key: &str,
    limits: &[LimitStatus],
) -> Response<Full<Bytes>> {
    let policy = opened.named.name();
    json(&DoneBody { policy, key, limits: LimitsBody { policy: opened.limits(), limits } })
}

/// The capacity in force for each adaptive limit of a key.
#[derive(serde::Serialize)]
pub(crate) struct CapacityAnswer<'a> {
    pub(crate) policy: &'a str,
    pub(crate) key: &'a str,
    pub(crate) capacities: Vec<CapacityBody<'a>>,
}

#[derive(serde::Serialize)]
pub(crate) struct CapacityBody<'a> {
    limit: &'a str,
    capacity: u64,
    original: u64,
    per_ms: u64,
    available: u64,
    in_flight: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<ChangeBody>,
}

/// The last change that was requested; recovery is not one.
#[derive(serde::Serialize)]
struct ChangeBody {
    at_ms: u64,
    capacity: u64,
    source: String,
    reason: String,
}

impl<'a> CapacityBody<'a> {
    pub(crate) fn new(limit: &'a str, capacity: Capacity) -> Self {
        let change = capacity.change.map(|change| ChangeBody {
            at_ms: change.at.as_nanos() / 1_000_000,
            capacity: change.capacity,
            source: change.note.source().to_owned(),
            reason: change.note.reason().to_owned(),
        });
        Self {
            limit,
            capacity: capacity.capacity,
            original: capacity.original,
            per_ms: capacity.period.as_millis_ceil(),
            available: capacity.available,
            in_flight: capacity.in_flight,
            change,
        }
    }
}

impl CapacityAnswer<'_> {
    pub(crate) fn response(&self) -> Response<Full<Bytes>> {
        json(self)
    }
}
