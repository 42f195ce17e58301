//! A stream that is reopened when it ends or breaks, and resumes where it was.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Request, Response};

use super::news::News;
use super::request::WatchRequest;
use super::sse::{Block, EVENT_BYTES_MAX, Events, TooLong};
use crate::calls;
use crate::config::Config;
use crate::error::ClientError;
use crate::exchange::{RETRY_AFTER_MAX, is_fault, wait_after};
use crate::heard::{Broken, Heard};

const EVENT_STREAM: &str = "text/event-stream";
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Longest silence. A service sends something every ten seconds, so a stream silent for longer is broken.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(30);
/// Pause before a stream is reopened, unless the service sets another one.
const PAUSE: Duration = Duration::from_secs(1);
/// Shortest pause, whatever the service sets.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// Longest event id that is sent back to the service, in bytes. A service's ids have some dozens.
const ID_BYTES_MAX: usize = 256;

/// What to do next.
#[derive(Debug)]
pub(crate) enum WatchStep {
    /// Send this, with this timeout for the head of the answer.
    Open(Box<Request<Bytes>>, Duration),
    /// Wait for the next piece of the stream.
    Read,
    /// Sleep for so long.
    Sleep(Duration),
    /// Tell this. There may be more.
    Tell(Result<News, ClientError>),
    /// There is nothing more to tell.
    Over,
}

/// The outcome of a request for a stream.
#[derive(Debug)]
pub(crate) enum Opened<B> {
    /// A stream.
    Stream(B),
    /// The whole of an answer that is not a stream.
    Answer(Response<Bytes>),
}

/// Whether an answer with this head is a stream.
pub(crate) fn is_stream<T>(head: &Response<T>) -> bool {
    let kind = head.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    head.status() == 200 && kind.is_some_and(|it| it.starts_with(EVENT_STREAM.as_bytes()))
}

/// A watcher. A caller that abandons a step can call [`go`](Self::go) again.
#[derive(Debug)]
pub(crate) struct Watching {
    config: Arc<Config>,
    path: String,
    last_id: Option<HeaderValue>,
    events: Events,
    stage: Stage,
    /// Whether the open stream has sent nothing so far.
    is_silent: bool,
    pause: Duration,
    /// How often it could not be opened, or broke, since the last data arrived.
    faults: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// To be opened at this time; `None` is at once.
    Closed(Option<Instant>),
    Open,
    Over,
}

impl Watching {
    pub(crate) fn new(config: Arc<Config>, request: &WatchRequest) -> Self {
        let (path, events) = (request.path(), Events::default());
        let (stage, is_silent, pause) = (Stage::Closed(None), true, PAUSE);
        Self { config, path, last_id: None, events, stage, is_silent, pause, faults: 0 }
    }

    /// The id of the last event: a later watcher can resume after it.
    pub(crate) fn last_id(&self) -> Option<&str> {
        self.last_id.as_ref()?.to_str().ok()
    }

    /// What to do now: called at the start, after each [`WatchStep::Sleep`] and [`WatchStep::Tell`], and after
    /// a step that was abandoned.
    pub(crate) fn go(&mut self, now: Instant) -> WatchStep {
        match self.stage {
            Stage::Over => WatchStep::Over,
            Stage::Open => self.tell(),
            Stage::Closed(at) => {
                let left = at.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
                if left > Duration::ZERO { WatchStep::Sleep(left) } else { self.open() }
            }
        }
    }

    /// Takes the outcome of a [`WatchStep::Open`].
    pub(crate) fn opened(&mut self, opened: Result<Opened<()>, Broken>, now: Instant) -> WatchStep {
        match opened {
            Ok(Opened::Stream(())) => {
                (self.stage, self.is_silent) = (Stage::Open, true);
                self.events = Events::default();
                WatchStep::Read
            }
            Ok(Opened::Answer(response)) => {
                let heard = Heard { response, is_repeated: false };
                match heard.status() {
                    200 => self.end(ClientError::protocol("it answers with no stream of events")),
                    status if is_fault(status) => {
                        let retry_after = heard.retry_after().unwrap_or_default();
                        self.fault(heard.problem().1, retry_after, now)
                    }
                    _ => self.end(heard.refusal()),
                }
            }
            Err(broken) => self.broken(broken, now),
        }
    }

    /// Takes the outcome of a [`WatchStep::Read`]; `None` at the end of the stream.
    pub(crate) fn read(&mut self, piece: Result<Option<Bytes>, Broken>, now: Instant) -> WatchStep {
        match piece {
            Ok(Some(piece)) => {
                self.events.push(&piece);
                self.tell()
            }
            // Services end a stream after some minutes. One that ends before it sends anything is broken.
            Ok(None) if !self.is_silent => {
                self.stage = Stage::Closed(now.checked_add(self.pause));
                self.go(now)
            }
            Ok(None) => self.broken(Broken::Lost("the stream ended".into()), now),
            Err(broken) => self.broken(broken, now),
        }
    }

    fn open(&mut self) -> WatchStep {
        match calls::look(&self.config, &self.path) {
            Ok(mut request) => {
                let headers = request.headers_mut();
                headers.insert(ACCEPT, HeaderValue::from_static(EVENT_STREAM));
                headers.extend(self.last_id.clone().map(|id| (LAST_EVENT_ID, id)));
                WatchStep::Open(Box::new(request), self.config.answer_timeout)
            }
            Err(error) => self.end(error),
        }
    }

    /// The next news of what was received.
    fn tell(&mut self) -> WatchStep {
        loop {
            match self.events.next() {
                Ok(None) => return WatchStep::Read,
                Err(TooLong) => {
                    let detail = format!("an event is longer than {EVENT_BYTES_MAX} bytes");
                    return self.end(ClientError::protocol(detail));
                }
                Ok(Some(block)) => match self.take(block) {
                    Ok(None) => {}
                    Ok(Some(news)) => return WatchStep::Tell(news),
                    Err(error) => return self.end(error),
                },
            }
        }
    }

    /// The news in a block, if it has any.
    fn take(&mut self, block: Block) -> Result<Option<Result<News, ClientError>>, ClientError> {
        (self.is_silent, self.faults) = (false, 0);
        if let Some(id) = block.id {
            let is_id = id.len() <= ID_BYTES_MAX && id.bytes().all(|it| it.is_ascii_graphic());
            let id = HeaderValue::try_from(id).ok().filter(|_| is_id);
            self.last_id = Some(id.ok_or_else(|| ClientError::protocol("an id is none"))?);
        }
        if let Some(retry_ms) = block.retry_ms {
            self.pause = Duration::from_millis(retry_ms).clamp(PAUSE_MIN, RETRY_AFTER_MAX);
        }
        Ok(News::read(&block.event, &block.data))
    }

    fn broken(&mut self, broken: Broken, now: Instant) -> WatchStep {
        match broken {
            Broken::TooLong => self.end(ClientError::too_long(self.config.answer_bytes_max)),
            Broken::NotSent(detail) | Broken::Lost(detail) => {
                self.fault(detail, Duration::ZERO, now)
            }
        }
    }

    /// Pauses before the next attempt; after some failures in a row the caller is told why.
    fn fault(&mut self, detail: String, retry_after: Duration, now: Instant) -> WatchStep {
        self.faults += 1;
        let wait = self.pause.max(retry_after.min(RETRY_AFTER_MAX));
        self.stage = Stage::Closed(now.checked_add(wait + wait_after(self.faults)));
        if self.faults.is_multiple_of(self.config.attempts_max) {
            return WatchStep::Tell(Err(ClientError::Unavailable { detail, is_unclear: false }));
        }
        self.go(now)
    }

    /// Ends for good, since asking again would give the same error.
    fn end(&mut self, error: ClientError) -> WatchStep {
        self.stage = Stage::Over;
        WatchStep::Tell(Err(error))
    }
}
