//! Answers, passed to the host in as few writes as possible.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::response::Parts;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::Full;
use spin_sdk::wasip3::http::types::{self, ErrorCode, Fields};
use spin_sdk::wasip3::{spawn, wit_future, wit_stream};
use tollgate_service::Watch;

use crate::setup::EdgeService;

/// The answer in the host's form. An empty body gets no stream: head and end are then one write, and
/// hosts that don't set TCP_NODELAY don't delay the end.
pub(crate) fn complete(response: Response<Full<Bytes>>) -> Result<types::Response, ErrorCode> {
    let (mut parts, body) = response.into_parts();
    let body = Vec::from(body.into_inner().unwrap_or_default());
    parts.headers.insert(CONTENT_LENGTH, body.len().into());
    let headers = fields(&parts.headers)?;
    // No trailers, which is what a dropped writer means.
    let (end, trailers) = wit_future::new(|| Ok(None));
    let (response, _sent) = if body.is_empty() {
        types::Response::new(headers, None, trailers)
    } else {
        let (mut writer, reader) = wit_stream::new();
        spawn(async move {
            // Bytes are left over only if the client stopped reading.
            writer.write_all(body).await;
            drop((writer, end));
        });
        types::Response::new(headers, Some(reader), trailers)
    };
    set_status(&response, parts.status)?;
    Ok(response)
}

/// An answer that is streamed until it ends or its client stops reading.
pub(crate) fn streaming(
    head: Parts,
    mut watch: Watch,
    service: Rc<EdgeService>,
) -> Result<types::Response, ErrorCode> {
    let headers = fields(&head.headers)?;
    let (end, trailers) = wit_future::new(|| Ok(None));
    let (mut writer, reader) = wit_stream::new();
    spawn(async move {
        while let Some(piece) = watch.next(&*service).await {
            let left_over = writer.write_all(piece.into()).await;
            if !left_over.is_empty() {
                break;
            }
        }
        drop((writer, end));
    });
    let (response, _sent) = types::Response::new(headers, Some(reader), trailers);
    set_status(&response, head.status)?;
    Ok(response)
}

fn set_status(response: &types::Response, status: StatusCode) -> Result<(), ErrorCode> {
    // The default is 200, and so are most answers.
    if status == StatusCode::OK {
        return Ok(());
    }
    response.set_status_code(status.as_u16()).map_err(|()| ErrorCode::InternalError(None))
}

thread_local! {
    /// An answer's header names and values in the host's form. The next answer reuses the allocations: it
    /// has about as many of about the same length, and allocating takes longer than copying.
    static ENTRIES: RefCell<Vec<(String, Vec<u8>)>> = const { RefCell::new(Vec::new()) };
}

fn fields(headers: &HeaderMap) -> Result<Fields, ErrorCode> {
    ENTRIES.with_borrow_mut(|entries| {
        entries.resize_with(headers.len(), Default::default);
        for ((name, value), (to_name, to_value)) in headers.iter().zip(&mut *entries) {
            to_name.clear();
            to_name.push_str(name.as_str());
            to_value.clear();
            to_value.extend_from_slice(value.as_bytes());
        }
        Fields::from_list(entries).map_err(|_| ErrorCode::InternalError(None))
    })
}
