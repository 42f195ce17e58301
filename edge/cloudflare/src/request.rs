//! Requests, taken from the runtime as far as the service looks at them: method, path, `Prefer`,
//! `Authorization` and the body.

use bytes::Bytes;
use futures::StreamExt as _;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use http::uri::PathAndQuery;
use http::{Method, Request, Uri};
use tollgate_service::{BODY_BYTES_MAX, PREFER};
use worker::js_sys::Uint8Array;
use worker::{ByteStream, Headers, RequestInit};

/// Where objects are asked. They have no host: the runtime wants one.
const ORIGIN: &str = "http://object";

/// The request, as the service takes it, with its body or so much of it that it is too long.
///
/// What the runtime lets through although it is no path or no method is nothing that the service has: it
/// becomes a path that there is not, or a method that nothing takes.
pub(crate) async fn read(request: worker::Request) -> Request<Bytes> {
    let request = request.inner();
    let mut read = Request::new(body(request.body()).await);
    *read.method_mut() = request.method().parse().unwrap_or(Method::TRACE);
    *read.uri_mut() = Uri::from(path_and_query(&request.url()));
    let headers = request.headers();
    for name in [PREFER, AUTHORIZATION] {
        let value = headers.get(name.as_str()).ok().flatten();
        let value = value.and_then(|value| HeaderValue::try_from(value).ok());
        read.headers_mut().extend(value.map(|value| (name, value)));
    }
    read
}

/// What of a URL comes after the host.
fn path_and_query(url: &str) -> PathAndQuery {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = after_scheme.find('/').and_then(|start| after_scheme.get(start..));
    let path = path.and_then(|path| PathAndQuery::try_from(path).ok());
    path.unwrap_or_else(|| PathAndQuery::from_static("/"))
}

/// A body that broke off is broken JSON, and its client is gone.
async fn body(stream: Option<worker::web_sys::ReadableStream>) -> Bytes {
    let Some(stream) = stream else { return Bytes::new() };
    let mut stream = ByteStream::from(stream);
    let mut body = Vec::new();
    while body.len() <= BODY_BYTES_MAX
        && let Some(Ok(bytes)) = stream.next().await
    {
        body.extend(bytes);
    }
    body.into()
}

/// The request, as an object takes it. All that are sent there are GET, HEAD or POST.
pub(crate) fn to_object(request: &Request<Bytes>) -> worker::Result<worker::Request> {
    let headers = Headers::new();
    for (name, value) in visible(request.headers()) {
        headers.append(name, value)?;
    }
    // The runtime drops the body of an answer to HEAD by itself, and then knows how long it would be.
    let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
    let method = if is_get { worker::Method::Get } else { worker::Method::Post };
    let mut init = RequestInit::new();
    init.with_method(method).with_headers(headers);
    if !request.body().is_empty() {
        init.with_body(Some(Uint8Array::from(&**request.body()).into()));
    }
    worker::Request::new_with_init(&format!("{ORIGIN}{}", request.uri()), &init)
}

/// Headers whose values are text; the others came from nowhere.
pub(crate) fn visible(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
}
