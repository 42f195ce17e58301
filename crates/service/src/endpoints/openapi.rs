//! `GET /openapi.json`: the API as OpenAPI 3.1 describes it. Written by hand, and held to the code by the
//! tests below and in `tests/api/openapi.rs`.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use http_body_util::Full;

/// Without needless blanks, since every edge function carries it.
const DOCUMENT: &str = include_str!("openapi.json");

pub(crate) fn answer() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(DOCUMENT));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests;
