//! The body of an answer.

use bytes::Bytes;
use http_body_util::Full;

use crate::watch::Watch;

/// What an answer carries: complete, or streamed.
#[derive(Debug)]
pub enum Content {
    /// All of it.
    Full(Full<Bytes>),
    /// A stream, whose pieces are requested with the service that made it.
    Watch(Watch),
}
