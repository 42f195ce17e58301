//! `GET /openapi.json`: the OpenAPI 3.1 description of the API. Written by hand, and checked against the code by
//! the tests below and in `tests/api/openapi.rs`.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use http_body_util::Full;

/// Without needless whitespace, since every edge function contains it.
const DOCUMENT: &str = include_str!("openapi.json");

pub(crate) fn answer() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(DOCUMENT));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests;
