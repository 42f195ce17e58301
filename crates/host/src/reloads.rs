//! Counts reloads of policies and keys, for the metrics.
//!
//! The service can't count them: natively each reload replaces it, and in a guest it is one of many
//! instances. So the host appends the count to the service's metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};

use crate::body::AnswerBody;
use crate::problem::Answer;
use crate::server::Handler;

/// Where the service exposes its metrics.
const METRICS_PATH: &str = "/metrics";

/// Successful and failed reloads.
#[derive(Debug, Default)]
pub struct Reloads {
    done: AtomicU64,
    failed: AtomicU64,
    has_last_failed: AtomicBool,
}

impl Reloads {
    /// Counts one reload.
    pub fn count(&self, is_done: bool) {
        let counter = if is_done { &self.done } else { &self.failed };
        counter.fetch_add(1, Ordering::Relaxed);
        self.has_last_failed.store(!is_done, Ordering::Relaxed);
    }

    /// The counts in Prometheus's text format.
    fn text(&self) -> String {
        let [done, failed] = [&self.done, &self.failed].map(|count| count.load(Ordering::Relaxed));
        let is_in_force = u8::from(!self.has_last_failed.load(Ordering::Relaxed));
        format!(
            "# HELP tollgate_reloads_total Times that policies and keys were read again, by outcome.\n\
             # TYPE tollgate_reloads_total counter\n\
             tollgate_reloads_total{{outcome=\"done\"}} {done}\n\
             tollgate_reloads_total{{outcome=\"failed\"}} {failed}\n\
             # HELP tollgate_last_reload_successful Whether what was read last is in force.\n\
             # TYPE tollgate_last_reload_successful gauge\n\
             tollgate_last_reload_successful {is_in_force}\n"
        )
    }
}

/// Answers as another handler does, and appends the reloads to its metrics.
pub struct WithReloads<H> {
    handler: Arc<H>,
    reloads: Arc<Reloads>,
}

impl<H> WithReloads<H> {
    /// What `handler` answers, with `reloads`.
    pub const fn new(handler: Arc<H>, reloads: Arc<Reloads>) -> Self {
        Self { handler, reloads }
    }
}

impl<H: Handler> Handler for WithReloads<H> {
    async fn handle(&self, request: Request<Bytes>) -> Answer {
        let is_metrics = request.uri().path() == METRICS_PATH;
        let answer = self.handler.handle(request).await;
        // A client that may not see the other metrics may not see these.
        if !is_metrics || answer.status() != StatusCode::OK {
            return answer;
        }
        extended(answer, &self.reloads.text()).await
    }

    fn end_streams(&self) {
        self.handler.end_streams();
    }
}

async fn extended(answer: Answer, text: &str) -> Answer {
    let (mut head, body) = answer.into_parts();
    let AnswerBody::Full(body) = body else { return Answer::from_parts(head, body) };
    let Ok(body) = body.collect().await;
    let body = [&*body.to_bytes(), text.as_bytes()].concat();
    // It was the length of the text without the reloads.
    head.headers.remove(CONTENT_LENGTH);
    Answer::from_parts(head, AnswerBody::Full(Full::from(body)))
}
