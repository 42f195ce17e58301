//! Answers, handed to the runtime.

use std::rc::Rc;

use bytes::Bytes;
use futures::stream;
use http::Response;
use http::response::Parts;
use http_body_util::Full;
use tollgate_service::Content;
use tollgate_store::Store;
use worker::{Headers, ResponseBuilder};

use crate::request::visible;
use crate::setup::EdgeService;

/// An answer of the service, complete or as it goes on.
pub(crate) fn of_service<S: Store + 'static>(
    response: Response<Content>,
    service: Rc<EdgeService<S>>,
) -> worker::Result<worker::Response> {
    let (head, content) = response.into_parts();
    match content {
        Content::Full(body) => complete(Response::from_parts(head, body)),
        Content::Watch(watch) => {
            let pieces = stream::unfold((watch, service), async |(mut watch, service)| {
                let piece = watch.next(&service).await?;
                Some((Ok::<_, worker::Error>(piece), (watch, service)))
            });
            builder(&head)?.from_stream(Box::pin(pieces))
        }
    }
}

/// A complete answer, as the runtime takes it.
pub(crate) fn complete(response: Response<Full<Bytes>>) -> worker::Result<worker::Response> {
    let (head, body) = response.into_parts();
    let body = Vec::from(body.into_inner().unwrap_or_default());
    let response = builder(&head)?;
    Ok(if body.is_empty() { response.empty() } else { response.fixed(body) })
}

fn builder(head: &Parts) -> worker::Result<ResponseBuilder> {
    let headers = Headers::new();
    for (name, value) in visible(&head.headers) {
        headers.append(name, value)?;
    }
    Ok(ResponseBuilder::new().with_status(head.status.as_u16()).with_headers(headers))
}
