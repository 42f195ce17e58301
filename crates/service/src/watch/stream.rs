//! The stream of one watcher, piece by piece, as server-sent events.

use std::fmt::Write as _;

use bytes::Bytes;
use tollgate_core::{Name, Span, Timestamp};
use tollgate_store::{Clock, Store};

use super::cursor::Cursor;
use super::filter::Filter;
use super::log::{Log, Missed};
use super::looks::{LOOK_INTERVAL, Seen};
use super::places::Place;
use super::recoveries::Recoveries;
use crate::limiter::Limiter;
use crate::problem::Problem;
use crate::service::Service;

/// Longest life of a stream, in milliseconds: 10 minutes. Its client then reconnects and resumes where it was. So a
/// changed policy or API key takes effect in time, and nobody keeps a place for ever.
pub(crate) const WATCH_MS_MAX: u64 = 10 * 60 * 1_000;

/// Longest silence. Proxies close idle connections, and a guest notices only by writing that its client is gone.
const SILENCE_MAX: Span = Span::from_secs(10);

/// How long a client waits before it reconnects, in milliseconds.
const RETRY_MS: u64 = 1_000;

/// A stream of server-sent events. It makes progress only while its next piece is awaited.
#[derive(Debug)]
pub struct Watch {
    tenant: Option<Name>,
    filter: Filter,
    cursor: Cursor,
    recoveries: Recoveries,
    ends_at: Timestamp,
    look_at: Timestamp,
    speak_at: Timestamp,
    stage: Stage,
    place: Place,
    seen: Seen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The client is sent its position, so that it can resume from the very start.
    Greeting,
    Watching,
    Over,
}

/// What a watcher starts with.
pub(crate) struct Start {
    pub(crate) tenant: Option<Name>,
    pub(crate) filter: Filter,
    pub(crate) cursor: Cursor,
    pub(crate) watch_for: Span,
    pub(crate) place: Place,
}

impl Watch {
    pub(crate) fn new(start: Start, now: Timestamp) -> Self {
        let seen = start.place.looks.join();
        Self {
            tenant: start.tenant,
            filter: start.filter,
            cursor: start.cursor,
            recoveries: Recoveries::default(),
            ends_at: now.plus(start.watch_for),
            look_at: now,
            speak_at: now.plus(SILENCE_MAX),
            stage: Stage::Greeting,
            place: start.place,
            seen,
        }
    }

    /// The next piece, or `None` when the stream is over. Pass the service that returned this stream. Waits until
    /// there is something to send. If the future is dropped, the next call sends what it would have sent.
    ///
    /// A store error ends the stream: the client reconnects, and is then told why.
    pub async fn next<S: Store, L: Limiter, C: Clock>(
        &mut self,
        service: &Service<S, L, C>,
    ) -> Option<Bytes> {
        if self.stage == Stage::Greeting {
            self.stage = Stage::Watching;
            return Some(format!("retry: {RETRY_MS}\nid: {}\n\n", self.cursor).into());
        }
        while self.stage == Stage::Watching {
            let wait = self.look_at.since(service.clock.now());
            if wait > Span::ZERO {
                // Bounded, for a clock that was set back.
                service.clock.sleep(wait.min(LOOK_INTERVAL)).await;
            }
            let now = service.clock.now();
            let mut text = self.look(service).await.ok()?;
            let is_over = now >= self.ends_at;
            if is_over {
                self.stage = Stage::Over;
            }
            self.look_at = self.place.looks.next_after(now).min(self.ends_at);
            if text.is_empty() && now >= self.speak_at {
                // A comment line, and the client's position.
                text = format!(":\nid: {}\n\n", self.cursor);
            }
            if !text.is_empty() {
                self.speak_at = now.plus(SILENCE_MAX);
                return Some(text.into());
            }
        }
        None
    }

    /// The events since the last look.
    async fn look<S: Store, L: Limiter, C: Clock>(
        &mut self,
        service: &Service<S, L, C>,
    ) -> Result<String, Problem> {
        let session = service.session_of(self.tenant.as_ref()).await;
        session.tell_limited().await;
        let (due, seen, load) = (self.look_at, &mut self.seen, session.log());
        let sight = self.place.looks.look(due, seen, &service.clock, load).await?;
        let log = &sight.log;
        let mut text = String::new();
        // Not stored until the look is complete: an interrupted look is repeated.
        let mut cursor = self.cursor;
        tell_missed(&mut text, log, &mut cursor);
        for (id, entry) in log.after(cursor.log) {
            cursor.log = id;
            self.recoveries.forget(&entry.subject);
            if self.filter.wants(&entry.subject) {
                tell(&mut text, cursor, entry.kind.name(), &entry.data);
            }
        }
        let told = cursor.recovered;
        let news = self.recoveries.look(&session, &sight, &self.filter, told).await?;
        let last = news.len().saturating_sub(1);
        for (index, data) in news.iter().enumerate() {
            // A client that reconnects after only some of them is sent all of them again.
            if index == last {
                cursor.recovered = sight.began;
            }
            tell(&mut text, cursor, "recovered", data);
        }
        cursor.recovered = cursor.recovered.max(sight.began);
        self.cursor = cursor;
        Ok(text)
    }
}

fn tell_missed(text: &mut String, log: &Log, cursor: &mut Cursor) {
    let data = match log.missed_after(cursor.log) {
        None => return,
        Some(Missed::Entries(entries)) => format!("{{\"events\":{entries}}}"),
        Some(Missed::Everything) => String::from("{\"events\":null}"),
    };
    cursor.log = log.id_before();
    tell(text, *cursor, "missed", &data);
}

/// Writing to a string does not fail.
fn tell(text: &mut String, cursor: Cursor, name: &str, data: &str) {
    let _ = write!(text, "id: {cursor}\nevent: {name}\ndata: {data}\n\n");
}
