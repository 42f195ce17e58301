//! Answers, handed to the host so that they take as few writes as possible.

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::Full;
use spin_sdk::wasip3::http::types::{self, ErrorCode, Fields};
use spin_sdk::wasip3::{spawn, wit_future, wit_stream};

/// The answer, as the host takes it. Without a body it has no stream either: then head and end are
/// one write, and hosts that don't set TCP_NODELAY don't hold the end back.
pub(crate) fn into_wasi(response: Response<Full<Bytes>>) -> Result<types::Response, ErrorCode> {
    let (mut parts, body) = response.into_parts();
    let body = Vec::from(body.into_inner().unwrap_or_default());
    parts.headers.insert(CONTENT_LENGTH, body.len().into());
    let headers = fields(&parts.headers)?;
    // The trailers: none, which is what a dropped writer means.
    let (end, trailers) = wit_future::new(|| Ok(None));
    let (response, _sent) = if body.is_empty() {
        types::Response::new(headers, None, trailers)
    } else {
        let (mut writer, reader) = wit_stream::new();
        spawn(async move {
            // What is left over nobody wanted.
            writer.write_all(body).await;
            drop((writer, end));
        });
        types::Response::new(headers, Some(reader), trailers)
    };
    // It is 200 unless it is set, and most answers are.
    if parts.status != StatusCode::OK {
        let status = parts.status.as_u16();
        response.set_status_code(status).map_err(|()| ErrorCode::InternalError(None))?;
    }
    Ok(response)
}

fn fields(headers: &HeaderMap) -> Result<Fields, ErrorCode> {
    let entries = headers
        .iter()
        .map(|(name, value)| (String::from(name.as_str()), value.as_bytes().to_vec()));
    Fields::from_list(&entries.collect::<Vec<_>>()).map_err(|_| ErrorCode::InternalError(None))
}
