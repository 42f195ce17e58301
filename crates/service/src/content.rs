//! The body of an answer.

use bytes::Bytes;
use http_body_util::Full;

use crate::watch::Watch;

/// What an answer carries: it is complete, or goes on.
#[derive(Debug)]
pub enum Content {
    /// All of it.
    Full(Full<Bytes>),
    /// A stream, which is asked for its pieces with the service that gave it.
    Watch(Watch),
}
