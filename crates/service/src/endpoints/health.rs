//! `GET /healthz`: the service is running. It does not ask the store.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use http_body_util::Full;

pub(crate) fn answer() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(&b"{\"status\":\"ok\"}"[..]));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
