//! Rate-limit events shared by all callers of an upstream: `POST /v1/events`, `POST /v1/events/cleanup` and
//! `GET /v1/events/{upstream}`.

use std::borrow::Cow;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use sha2::{Digest as _, Sha256};
use tollgate_core::cooldown::{
    Cooldown, Cooldowns, DURATION_MAX, Event, EventError, Filter, Full as RecordFull, Reported,
    SAFETY_PERMILLE_MAX,
};
use tollgate_core::{Span, Timestamp};
use tollgate_store::{Answer, Clock, Store};

use crate::answer::json;
use crate::asked::{check_key, request_id};
use crate::body::Members;
use crate::lease::random_id;
use crate::limiter::{Limiter, LimiterError};
use crate::problem::Problem;
use crate::query::Query;
use crate::session::Session;
use crate::watch::Entry;

/// Longest duration of an event, in milliseconds: 366 days.
pub(crate) const DURATION_MS_MAX: u64 = DURATION_MAX.as_nanos() / 1_000_000;

#[derive(serde::Serialize)]
struct ReportedBody {
    /// `added`; `known`, by its request id; `covered`, by an event that lasts as long; or `full`.
    reported: &'static str,
}

#[derive(serde::Serialize)]
struct DroppedBody {
    dropped: usize,
}

#[derive(serde::Serialize)]
struct EventsBody<'a> {
    upstream: &'a str,
    limited: bool,
    /// How long until the last event expires.
    retry_after_ms: u64,
    /// Ordered by expiry, the latest first.
    events: Vec<EventBody>,
}

#[derive(serde::Serialize)]
struct EventBody {
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    /// The hash of the reporter's name.
    source: String,
    recorded_at_ms: u64,
    duration_ms: u64,
    safety_permille: u16,
    expires_at_ms: u64,
    retry_after_ms: u64,
}

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    /// Reports to all callers of an upstream that it refused a call.
    pub(crate) async fn report_event(
        &self,
        mut body: Members<'_>,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let upstream = upstream(&mut body)?;
        let event = event(&mut body)?;
        body.end()?;
        let ask = |record: Option<&[u8]>, now| {
            let mut events = decoded(record)?;
            let reported = events.report(event.clone(), now);
            let record = (reported == Ok(Reported::Added)).then(|| events.encode());
            let outcome = (reported, now);
            Ok(Answer { outcome, record, forget_after: expire_after(&events, now) })
        };
        let (reported, now) = self.on_record(self.events_key(&upstream), false, ask).await?;
        let reported = match reported {
            Ok(Reported::Added) => {
                self.announce(&[Entry::event(&upstream, &event, now)]).await;
                "added"
            }
            Ok(Reported::Known) => "known",
            Ok(Reported::Covered) => "covered",
            Err(RecordFull) => "full",
        };
        Ok(json(&ReportedBody { reported }))
    }

    /// Whether an upstream is known to refuse calls, and which events say so.
    pub(crate) async fn events(
        &self,
        upstream: &str,
        query: Option<&str>,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        check_key("upstream", upstream)?;
        let mut query = Query::parse(query)?;
        let (code, label) = (query.take("code")?, query.take("label")?);
        query.end()?;
        let ask = |record: Option<&[u8]>, now| {
            let events = decoded(record)?;
            // An invalid filter is refused below, before any record is loaded.
            let filter = filter(code.as_deref(), label.as_deref()).unwrap_or_default();
            let active = events.active(filter, now);
            let outcome = active.iter().map(|event| EventBody::new(event, now)).collect();
            Ok(Answer { outcome, record: None, forget_after: Span::NEVER })
        };
        filter(code.as_deref(), label.as_deref()).map_err(invalid)?;
        let events: Vec<EventBody> = self.on_record(self.events_key(upstream), false, ask).await?;
        let retry_after_ms = events.first().map_or(0, |event| event.retry_after_ms);
        Ok(json(&EventsBody { upstream, limited: !events.is_empty(), retry_after_ms, events }))
    }

    /// Drops the expired events of an upstream, which have no effect any more.
    pub(crate) async fn clean_up_events(
        &self,
        mut body: Members<'_>,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let upstream = upstream(&mut body)?;
        body.end()?;
        let ask = |record: Option<&[u8]>, now| {
            let mut events = decoded(record)?;
            let dropped = events.clean_up(now);
            let record = (dropped > 0).then(|| events.encode());
            Ok(Answer { outcome: dropped, record, forget_after: expire_after(&events, now) })
        };
        let dropped = self.on_record(self.events_key(&upstream), false, ask).await?;
        Ok(json(&DroppedBody { dropped }))
    }
}

impl EventBody {
    fn new(cooldown: &Cooldown, now: Timestamp) -> Self {
        let event = cooldown.event();
        let millis = |at: Timestamp| at.as_nanos() / 1_000_000;
        Self {
            code: event.code().to_owned(),
            label: event.label().map(str::to_owned),
            source: format!("{:016x}", event.source()),
            recorded_at_ms: millis(cooldown.recorded_at()),
            duration_ms: event.duration().as_millis_ceil(),
            safety_permille: event.safety_permille(),
            expires_at_ms: millis(cooldown.expires_at()),
            retry_after_ms: cooldown.retry_after(now).as_millis_ceil(),
        }
    }
}

fn upstream<'a>(body: &mut Members<'a>) -> Result<Cow<'a, str>, Problem> {
    let upstream = body.needed_text("upstream")?;
    check_key("upstream", &upstream)?;
    Ok(upstream)
}

fn event(body: &mut Members<'_>) -> Result<Event, Problem> {
    let id = request_id(body)?.map_or_else(random_id, Ok)?;
    // A record holds no names, only the first 8 bytes of their hash.
    let source = Sha256::digest(&*body.text("source")?.unwrap_or_default());
    let source = source.iter().take(8).fold(0, |bits, byte| bits << 8 | u64::from(*byte));
    let duration = Span::from_millis(body.needed_number("duration_ms", 1..=DURATION_MS_MAX)?);
    let mut event =
        Event::new(id, source, &body.needed_text("code")?, duration).map_err(invalid)?;
    if let Some(label) = body.text("label")? {
        event = event.with_label(&label).map_err(invalid)?;
    }
    if let Some(safety) = body.number("safety_permille", 1..=SAFETY_PERMILLE_MAX.into())? {
        event = event.with_safety(u16::try_from(safety).unwrap_or(u16::MAX)).map_err(invalid)?;
    }
    Ok(event)
}

fn filter<'a>(code: Option<&'a str>, label: Option<&'a str>) -> Result<Filter<'a>, EventError> {
    let filter =
        code.map_or_else(|| Ok(Filter::default()), |it| Filter::default().with_code(it))?;
    label.map_or(Ok(filter), |label| filter.with_label(label))
}

fn invalid(error: EventError) -> Problem {
    let message = error.to_string();
    // It begins with the field, which a problem tells by itself.
    let detail = message.split_once(": ").map_or(&*message, |(_, detail)| detail);
    Problem::invalid(error.field(), detail)
}

fn decoded(record: Option<&[u8]>) -> Result<Cooldowns, LimiterError> {
    Ok(record.map_or_else(|| Ok(Cooldowns::new()), Cooldowns::decode)?)
}

/// How long until the last event expires.
pub(crate) fn expire_after(events: &Cooldowns, now: Timestamp) -> Span {
    events.all().iter().map(|event| event.retry_after(now)).max().unwrap_or(Span::ZERO)
}
