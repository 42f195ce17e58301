//! One request and its answer: the limits of the head and the body, the time limit, the access log.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant as StdInstant;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, EXPECT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use tokio::time::{Instant, timeout_at};
use tollgate_service::Problem;
use tracing::Instrument as _;

use crate::body::AnswerBody;
use crate::host_field;
use crate::problem::{Answer, problem};
use crate::request_id::{RequestIds, X_REQUEST_ID};
use crate::server::{Handler, ServerConfig};

/// Bytes of a body over the limit that are read and discarded. Many clients read no answer before
/// they have sent everything, so closing earlier would lose the answer.
const DISCARDED_BYTES_MAX: usize = 1 << 20;

/// Answers the requests of one connection.
pub(crate) struct Exchange<H> {
    pub(crate) handler: Arc<H>,
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) request_ids: Arc<RequestIds>,
    pub(crate) peer: SocketAddr,
}

impl<H: Handler> Exchange<H> {
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Answer {
        if !self.config.access_log {
            return self.answer_within_limits(request).await;
        }
        let start = StdInstant::now();
        let method = request.method().clone();
        let uri = request.uri().clone();
        let id = self.request_ids.of(request.headers());
        // Everything logged meanwhile carries the id, too.
        let span = tracing::info_span!(target: "access", "request", id);
        let mut answer = self.answer_within_limits(request).instrument(span.clone()).await;
        let field = HeaderValue::try_from(id).ok();
        answer.headers_mut().extend(field.map(|id| (X_REQUEST_ID, id)));
        tracing::info!(
            target: "access",
            parent: &span,
            peer = %self.peer,
            %method,
            path = uri.path(),
            status = answer.status().as_u16(),
            body_bytes = answer.body().size_hint().lower(),
            duration_us = start.elapsed().as_micros(),
        );
        answer
    }

    async fn answer_within_limits(&self, request: Request<Incoming>) -> Answer {
        let deadline = Instant::now() + self.config.request_timeout;
        let (head, body) = request.into_parts();
        if head_bytes(&head) > self.config.head_bytes_max {
            return problem(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "The request line and the headers are too long together.",
            );
        }
        if !host_field::names_one_host(&head) {
            return problem(
                StatusCode::BAD_REQUEST,
                "A request has one field Host, with a host and maybe a port.",
            );
        }
        let body = match timeout_at(deadline, self.read_body(&head.headers, body)).await {
            Ok(Ok(body)) => body,
            Ok(Err(answer)) => return answer,
            Err(_) => {
                return problem(
                    StatusCode::REQUEST_TIMEOUT,
                    "The request's body took too long to arrive.",
                );
            }
        };
        let request = Request::from_parts(head, body);
        match timeout_at(deadline, self.handler.handle(request)).await {
            Ok(answer) => answer,
            Err(_) => problem(StatusCode::GATEWAY_TIMEOUT, "The request took too long to answer."),
        }
    }

    /// Reads the whole body first, so that a slow client costs a connection and nothing more.
    async fn read_body(&self, headers: &HeaderMap, mut body: Incoming) -> Result<Bytes, Answer> {
        if body.is_end_stream() {
            return Ok(Bytes::new());
        }
        let limit = self.config.body_bytes_max;
        let too_long = || {
            let detail = format!("must have at most {limit} bytes");
            Problem::too_long(detail).into_response().map(AnswerBody::Full)
        };
        if declared_bytes(headers).is_some_and(|declared| declared > limit as u64) {
            if !headers.contains_key(EXPECT) {
                discard(&mut body).await;
            }
            return Err(too_long());
        }
        match Limited::new(&mut body, limit).collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => {
                discard(&mut body).await;
                Err(too_long())
            }
            Err(_) => {
                let detail = "broke off, or is not framed as HTTP/1.1 demands";
                Err(Problem::invalid("body", detail).into_response().map(AnswerBody::Full))
            }
        }
    }
}

/// Bytes of the request line and headers as received, to within a few spaces.
fn head_bytes(head: &Parts) -> usize {
    let uri = &head.uri;
    let target = uri.path_and_query().map_or(0, |path| path.as_str().len())
        + uri.authority().map_or(0, |authority| authority.as_str().len());
    let headers = head.headers.iter();
    let headers: usize = headers.map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    head.method.as_str().len() + target + headers
}

fn declared_bytes(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn discard(body: &mut Incoming) {
    let mut discarded = 0;
    while discarded < DISCARDED_BYTES_MAX
        && let Some(Ok(frame)) = body.frame().await
    {
        discarded += frame.data_ref().map_or(0, Bytes::len);
    }
}
