//! Takes from the host only the parts of a request that the service uses: method, path, `Prefer`, body,
//! `Authorization` where a key is needed, and `Last-Event-ID` of a GET.
//!
//! spin-sdk's own conversion takes everything, each header and trailer included, and that is a tenth
//! of the component.

use std::convert::Infallible;

use bytes::Bytes;
use futures::StreamExt as _;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderValue};
use http::uri::PathAndQuery;
use http::{Method, Request, Uri};
use http_body::{Body, Frame};
use http_body_util::StreamBody;
use spin_sdk::wasip3::http::types;
use spin_sdk::wasip3::wit_bindgen::StreamResult;
use spin_sdk::wasip3::wit_future;
use tollgate_service::{BODY_BYTES_MAX, LAST_EVENT_ID, PREFER};

/// Maximum bytes of a body that are read at once.
const READ_BYTES: usize = 16 * 1024;

/// The request in the service's form. Its body is read on demand.
///
/// A host may let an invalid path or method through. It becomes a path that does not exist, or a method
/// that no endpoint takes.
pub(crate) fn from_wasi(
    request: types::Request,
    needs_key: bool,
) -> Request<impl Body<Data = Bytes, Error = Infallible>> {
    let path = request.get_path_with_query().and_then(|path| PathAndQuery::try_from(path).ok());
    let path = path.unwrap_or_else(|| PathAndQuery::from_static("/"));
    let mut headers = HeaderMap::new();
    let fields = request.get_headers();
    for value in fields.get(PREFER.as_str()) {
        headers.extend(HeaderValue::try_from(value).map(|value| (PREFER, value)));
    }
    if needs_key {
        for value in fields.get(AUTHORIZATION.as_str()) {
            headers.extend(HeaderValue::try_from(value).map(|value| (AUTHORIZATION, value)));
        }
    }
    let method = Method::try_from(request.get_method()).unwrap_or(Method::TRACE);
    if method == Method::GET {
        for value in fields.get(LAST_EVENT_ID.as_str()) {
            headers.extend(HeaderValue::try_from(value).map(|value| (LAST_EVENT_ID, value)));
        }
    }
    let declared_bytes = declared_bytes(&fields.get(CONTENT_LENGTH.as_str()));
    let body = futures::stream::once(read(request, declared_bytes));
    let mut converted = Request::new(StreamBody::new(body.map(|bytes| Ok(Frame::data(bytes)))));
    *converted.method_mut() = method;
    *converted.uri_mut() = Uri::from(path);
    *converted.headers_mut() = headers;
    converted
}

fn declared_bytes(content_length: &[Vec<u8>]) -> Option<usize> {
    let [value] = content_length else { return None };
    str::from_utf8(value).ok()?.parse().ok()
}

/// The body, or as much of it as shows that it is too long.
///
/// A declared length saves the read that would find the end. The trailers are not awaited: a body that
/// broke off is invalid JSON, and its client is gone.
async fn read(request: types::Request, declared_bytes: Option<usize>) -> Bytes {
    let (_done, result) = wit_future::new(|| Ok(()));
    let (mut stream, _trailers) = types::Request::consume_body(request, result);
    let wanted_bytes = declared_bytes.unwrap_or(usize::MAX).min(BODY_BYTES_MAX + 1);
    let mut body = Vec::with_capacity(wanted_bytes.min(READ_BYTES));
    while body.len() < wanted_bytes {
        if body.len() == body.capacity() {
            body.reserve(READ_BYTES);
        }
        let (result, read) = stream.read(body).await;
        body = read;
        if result == StreamResult::Dropped {
            break;
        }
    }
    body.into()
}
