//! What callers of an upstream learned about its limits: `POST /v1/events` and
//! `GET /v1/events/{upstream}`.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::{Call, segment};
use crate::error::ClientError;
use crate::heard::Heard;
use crate::{millis, random};

/// An upstream refused a call, and should not be called for a while.
///
/// ```
/// use std::time::Duration;
/// use tollgate_client::EventReport;
///
/// let report = EventReport::new("openai", "429", Duration::from_secs(20)).about("gpt-5").from("agent-3");
/// # drop(report);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventReport {
    upstream: String,
    code: String,
    #[serde(rename = "duration_ms", serialize_with = "millis::write")]
    duration: Duration,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
}

/// The outcome of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reported {
    /// It was recorded, and everybody can see it.
    Added,
    /// It was reported before.
    Known,
    /// Another event lasts at least as long.
    Covered,
    /// This upstream has as many events as it may have.
    Full,
}

/// Whether an upstream is known to refuse calls.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Events {
    /// Whether it does.
    #[serde(rename = "limited")]
    pub is_limited: bool,
    /// How long until the last of the events expires.
    #[serde(rename = "retry_after_ms", deserialize_with = "millis::read")]
    pub retry_after: Duration,
    /// The events in force; the one that expires last comes first.
    pub events: Vec<Event>,
}

/// An upstream's refusal that is still in force.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Event {
    /// What the upstream said.
    pub code: String,
    /// What it is about.
    pub label: Option<String>,
    /// When it was reported.
    #[serde(rename = "recorded_at_ms", deserialize_with = "millis::read_time")]
    pub recorded_at: SystemTime,
    /// How long it stays in force.
    #[serde(rename = "retry_after_ms", deserialize_with = "millis::read")]
    pub retry_after: Duration,
}

#[derive(Serialize)]
struct ReportBody<'a> {
    #[serde(flatten)]
    report: &'a EventReport,
    request_id: String,
}

#[derive(Deserialize)]
struct ReportAnswer {
    reported: Reported,
}

impl EventReport {
    /// This upstream refused a call with this code, for so long.
    #[must_use]
    pub fn new(upstream: &str, code: &str, duration: Duration) -> Self {
        let (upstream, code) = (upstream.to_owned(), code.to_owned());
        Self { upstream, code, duration, label: None, source: None }
    }

    /// It is about this alone: a model, say.
    #[must_use]
    pub fn about(mut self, label: &str) -> Self {
        self.label = Some(label.to_owned());
        self
    }

    /// This caller reports it.
    #[must_use]
    pub fn from(mut self, source: &str) -> Self {
        self.source = Some(source.to_owned());
        self
    }
}

pub(crate) fn report_event(report: &EventReport) -> Result<Call<Reported>, ClientError> {
    let body = ReportBody { report, request_id: random::request_id()? };
    let read = |heard: &Heard| heard.json().map(|it: ReportAnswer| it.reported);
    Ok(Call::post("/v1/events", &body, true, read))
}

pub(crate) fn events(upstream: &str, code: Option<&str>, label: Option<&str>) -> Call<Events> {
    let filters = [("code", code), ("label", label)];
    let filters = filters.iter().filter_map(|(name, text)| Some((name, (*text)?)));
    let query: Vec<_> = filters.map(|(name, text)| format!("{name}={}", segment(text))).collect();
    let path = format!("/v1/events/{}", segment(upstream));
    let path = if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) };
    Call::get(path, Heard::json)
}
