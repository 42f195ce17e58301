//! Answers, handed to the runtime.

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use worker::{Headers, ResponseBuilder};

use crate::request::visible;

/// The answer, as the runtime takes it.
pub(crate) fn from_http(response: Response<Full<Bytes>>) -> worker::Result<worker::Response> {
    let (parts, body) = response.into_parts();
    let headers = Headers::new();
    for (name, value) in visible(&parts.headers) {
        headers.append(name, value)?;
    }
    let body = Vec::from(body.into_inner().unwrap_or_default());
    let response = ResponseBuilder::new().with_status(parts.status.as_u16()).with_headers(headers);
    Ok(if body.is_empty() { response.empty() } else { response.fixed(body) })
}
