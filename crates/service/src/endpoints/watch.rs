//! `GET /v1/watch`: what happens to capacities, upstreams and keys, as server-sent events.

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response};
use http_body_util::Full;
use tollgate_core::Span;
use tollgate_store::{Clock, Store};

use crate::asked::check_key;
use crate::content::Content;
use crate::limiter::Limiter;
use crate::problem::{NO_STORE, Problem};
use crate::query::Query;
use crate::session::Session;
use crate::watch::{Cursor, Filter, LAST_EVENT_ID, Start, WATCH_MS_MAX, Watch};

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    /// Begins a stream at the position the client gives, or now.
    pub(crate) async fn watch(&self, parts: &Parts) -> Result<Response<Content>, Problem> {
        let mut query = Query::parse(parts.uri.query())?;
        let filter = self.filter(&mut query)?;
        let watch_ms = query.number("watch_ms", 0..=WATCH_MS_MAX)?.unwrap_or(WATCH_MS_MAX);
        let after = query.take("after")?.map(|text| cursor("after", &text)).transpose()?;
        query.end()?;
        let last = last_event_id(&parts.headers)?;
        let place = self.service.watchers.take(self.watch_key(), self.service.clock.now());
        let place = place.ok_or_else(Problem::too_many_watchers)?;
        // Loaded even if the client gives a position, so that a store error gives an error status.
        let (log, now) = (self.log().await?, self.service.clock.now());
        // A client that reconnects repeats `after` from its first request; `Last-Event-ID` is further.
        let present = Cursor { log: log.last_id(), recovered: now };
        let cursor = last.or(after).unwrap_or(present);
        if parts.method == Method::HEAD {
            return Ok(answer(Content::Full(Full::default())));
        }
        let tenant = self.tenant.cloned();
        let watch_for = Span::from_millis(watch_ms);
        let start = Start { tenant, filter, cursor, watch_for, place };
        Ok(answer(Content::Watch(Watch::new(start, now))))
    }

    fn filter(&self, query: &mut Query) -> Result<Filter, Problem> {
        let filter = Filter { policy: query.take("policy")?, key: query.take("key")? };
        if let Some(policy) = &filter.policy {
            self.opened(policy)?;
        }
        if let Some(key) = &filter.key {
            check_key("key", key)?;
        }
        Ok(filter)
    }
}

/// It is empty from a client that has received no event yet.
fn last_event_id(headers: &HeaderMap) -> Result<Option<Cursor>, Problem> {
    match headers.get(LAST_EVENT_ID) {
        None => Ok(None),
        Some(value) if value.is_empty() => Ok(None),
        Some(value) => cursor("Last-Event-ID", value.to_str().unwrap_or_default()).map(Some),
    }
}

fn cursor(field: &str, text: &str) -> Result<Cursor, Problem> {
    Cursor::read(text).ok_or_else(|| Problem::invalid(field, "is no id of an event of this stream"))
}

fn answer(content: Content) -> Response<Content> {
    let mut response = Response::new(content);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, NO_STORE);
    response
}
