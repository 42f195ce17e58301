//! Answers, handed to the host so that they take as few writes as possible.

use bytes::Bytes;
use http::Response;
use http::header::CONTENT_LENGTH;
use http_body::Body;
use http_body_util::Full;
use spin_sdk::http::IntoResponse;
use spin_sdk::wasip3::http::types::{self, ErrorCode};
use spin_sdk::wasip3::wit_future;

/// An answer whose body is known. Without one it has no stream either: then head and end are one
/// write, and hosts that don't set TCP_NODELAY don't hold the end back.
pub(crate) struct Bodied(pub(crate) Response<Full<Bytes>>);

impl IntoResponse for Bodied {
    fn into_response(self) -> Result<types::Response, ErrorCode> {
        let Self(mut response) = self;
        let length = response.body().size_hint().exact().unwrap_or_default();
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
        if length > 0 {
            return response.into_response();
        }
        let (parts, _) = response.into_parts();
        let internal = |_| ErrorCode::InternalError(None);
        let headers = parts.headers.try_into().map_err(internal)?;
        // The trailers: none, which is what a dropped writer means.
        let (_, trailers) = wit_future::new(|| Ok(None));
        let (response, _sent) = types::Response::new(headers, None, trailers);
        response
            .set_status_code(parts.status.as_u16())
            .map_err(|()| ErrorCode::InternalError(None))?;
        Ok(response)
    }
}
