//! What happens, as it happens.

use std::time::Instant;

use super::stream::Stream;
use super::transport::Transport;
use crate::error::ClientError;
use crate::face::watch_face;
use crate::watch::{News, WatchStep, Watching};

/// What happens to capacities, upstreams and keys. It reconnects by itself when its stream ends or breaks,
/// and resumes where it was: each event is delivered once, and in order; only a recovery may be
/// repeated, where a stream broke in the middle of several.
#[derive(Debug)]
#[must_use = "nothing is asked before the first news is"]
pub struct Watch {
    watching: Watching,
    stream: Stream,
}

impl Watch {
    watch_face!([async] [.await] tokio::time::sleep);

    /// The next news. If the service is unreachable, it returns an error after as many attempts as the
    /// configuration says; the next call tries again. An event that can't be read is an error, and the next
    /// call goes on after it. After any other error it returns `None`.
    ///
    /// Cancel-safe: if the future is dropped while it waits, the next call resumes the wait.
    ///
    /// # Errors
    /// [`ClientError`]. [`ClientError::Unavailable`] is not the end.
    pub async fn next(&mut self) -> Option<Result<News, ClientError>> {
        self.news().await
    }
}
