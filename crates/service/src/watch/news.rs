//! What a watcher is sent: the kind of event, its subject, and one line of JSON.

use serde::Serialize;
use tollgate_core::cooldown::Event;
use tollgate_core::{Span, Timestamp};

use crate::limiter::Capacity;

/// What happened, as the log records it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A capacity was set, or reset to the policy's.
    Capacity,
    /// A capacity was reduced.
    Reduced,
    /// An upstream refused a call.
    Event,
    /// A key became limited.
    Limited,
}

impl Kind {
    /// In the order of their codes in a log, which start at 1.
    pub(super) const ALL: [Self; 4] = [Self::Capacity, Self::Reduced, Self::Event, Self::Limited];

    /// Its event name in the stream.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Capacity => "capacity",
            Self::Reduced => "reduced",
            Self::Event => "event",
            Self::Limited => "limited",
        }
    }
}

/// What the event is about. Names that do not apply are empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Subject {
    pub(crate) policy: String,
    pub(crate) key: String,
    pub(crate) limit: String,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) subject: Subject,
    /// JSON without a line break, as it is sent.
    pub(crate) data: String,
}

#[derive(Serialize)]
struct CapacityData<'a> {
    policy: &'a str,
    key: &'a str,
    limit: &'a str,
    capacity: u64,
    original: u64,
    per_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    at_ms: u64,
}

#[derive(Serialize)]
struct EventData<'a> {
    upstream: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    expires_at_ms: u64,
    at_ms: u64,
}

#[derive(Serialize)]
struct LimitedData<'a> {
    policy: &'a str,
    key: &'a str,
    /// `None` if waiting does not help.
    retry_after_ms: Option<u64>,
    at_ms: u64,
}

impl Entry {
    /// A capacity that was set, cleared or reduced.
    pub(crate) fn capacity(
        kind: Kind,
        subject: Subject,
        capacity: &Capacity,
        at: Timestamp,
    ) -> Self {
        let note = capacity.change.as_ref().map(|change| &change.note);
        let (source, reason) = (note.map(|note| note.source()), note.map(|note| note.reason()));
        let data = capacity_data(&subject, capacity, source, reason, at);
        Self { kind, subject, data }
    }

    /// An upstream that refused a call.
    pub(crate) fn event(upstream: &str, event: &Event, at: Timestamp) -> Self {
        let data = EventData {
            upstream,
            code: event.code(),
            label: event.label(),
            expires_at_ms: millis(at.plus(event.counted_duration())),
            at_ms: millis(at),
        };
        Self { kind: Kind::Event, subject: Subject::default(), data: json(&data) }
    }

    /// A key that became limited, for `retry_after`.
    pub(super) fn limited(policy: &str, key: &str, retry_after: Span, at: Timestamp) -> Self {
        let retry_after_ms = retry_after.finite_millis_ceil();
        let data = LimitedData { policy, key, retry_after_ms, at_ms: millis(at) };
        let data = json(&data);
        let (policy, key) = (policy.to_owned(), key.to_owned());
        Self { kind: Kind::Limited, subject: Subject { policy, key, limit: String::new() }, data }
    }
}

/// The data of a capacity that has recovered.
pub(super) fn recovered(subject: &Subject, capacity: &Capacity, at: Timestamp) -> String {
    capacity_data(subject, capacity, None, None, at)
}

fn capacity_data(
    subject: &Subject,
    capacity: &Capacity,
    source: Option<&str>,
    reason: Option<&str>,
    at: Timestamp,
) -> String {
    json(&CapacityData {
        policy: &subject.policy,
        key: &subject.key,
        limit: &subject.limit,
        capacity: capacity.capacity,
        original: capacity.original,
        per_ms: capacity.period.as_millis_ceil(),
        source,
        reason,
        at_ms: millis(at),
    })
}

/// Structs of strings and numbers: serializing them does not fail, and gives no line breaks.
fn json(data: &impl Serialize) -> String {
    serde_json::to_string(data).unwrap_or_default()
}

const fn millis(at: Timestamp) -> u64 {
    at.as_nanos() / 1_000_000
}
