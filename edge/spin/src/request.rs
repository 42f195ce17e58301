//! Requests, taken from the host as far as the service looks at them: method, path, `Prefer` and body.
//!
//! spin-sdk's own conversion takes all of it, each header and trailer included, and that is a tenth
//! of the component.

use bytes::Bytes;
use http::header::{HeaderMap, HeaderValue};
use http::uri::PathAndQuery;
use http::{Method, Request, Uri};
use http_body::{Body, Frame};
use http_body_util::StreamBody;
use spin_sdk::wasip3::http::types::{self, ErrorCode};
use spin_sdk::wasip3::wit_bindgen::StreamResult;
use spin_sdk::wasip3::wit_future;
use tollgate_service::{BODY_BYTES_MAX, PREFER};

/// Most bytes of a body that are read at once.
const READ_BYTES: usize = 16 * 1024;

/// The request, as the service takes it. Its body is read when it is asked for.
pub(crate) fn from_wasi(
    request: types::Request,
) -> Result<Request<impl Body<Data = Bytes, Error = &'static str>>, ErrorCode> {
    let path = request.get_path_with_query().unwrap_or_default();
    let path = PathAndQuery::try_from(path).map_err(|_| ErrorCode::HttpRequestUriInvalid)?;
    let mut headers = HeaderMap::new();
    for value in request.get_headers().get(PREFER.as_str()) {
        let value = HeaderValue::try_from(value).map_err(|_| ErrorCode::InternalError(None))?;
        headers.append(PREFER, value);
    }
    let method = method(request.get_method())?;
    let mut converted = Request::new(StreamBody::new(futures::stream::once(read(request))));
    *converted.method_mut() = method;
    *converted.uri_mut() = Uri::from(path);
    *converted.headers_mut() = headers;
    Ok(converted)
}

fn method(method: types::Method) -> Result<Method, ErrorCode> {
    method.try_into().map_err(|_| ErrorCode::HttpRequestMethodInvalid)
}

/// The body, or so much of it that it is too long.
async fn read(request: types::Request) -> Result<Frame<Bytes>, &'static str> {
    let (_done, result) = wit_future::new(|| Ok(()));
    let (mut stream, trailers) = types::Request::consume_body(request, result);
    let mut body = Vec::new();
    while body.len() <= BODY_BYTES_MAX {
        if body.len() == body.capacity() {
            body.reserve(READ_BYTES);
        }
        let (result, read) = stream.read(body).await;
        body = read;
        if result == StreamResult::Dropped {
            trailers.await.map_err(|_| "the body broke off")?;
            break;
        }
    }
    Ok(Frame::data(body.into()))
}
