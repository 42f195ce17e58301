//! The server's own answers: small problem documents (RFC 9457).

use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;

use crate::body::AnswerBody;

/// An answer of the server or a guest.
pub type Answer = Response<AnswerBody>;

/// A problem fully described by its status and one sentence.
///
/// `detail` goes into JSON unescaped, so it must have no quotes, backslashes or line breaks.
pub(crate) fn problem(status: StatusCode, detail: &'static str) -> Answer {
    let title = status.canonical_reason().unwrap_or("Error");
    let code = status.as_u16();
    let body = format!(
        r#"{{"type":"about:blank","title":"{title}","status":{code},"detail":"{detail}"}}"#
    );
    let mut answer = Response::new(AnswerBody::Full(Full::from(body)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    let content_type = HeaderValue::from_static("application/problem+json");
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// 503: try again in a second.
pub(crate) fn overloaded(detail: &'static str) -> Answer {
    let mut answer = problem(StatusCode::SERVICE_UNAVAILABLE, detail);
    let one_second = HeaderValue::from_static("1");
    answer.headers_mut().insert(RETRY_AFTER, one_second);
    answer
}
