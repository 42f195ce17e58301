//! What happens, as it happens.

use std::time::Instant;

use super::stream::Stream;
use super::transport::Transport;
use crate::error::ClientError;
use crate::face::watch_face;
use crate::watch::{News, WatchStep, Watching};

/// What happens to capacities, upstreams and keys. It comes back by itself when its stream ends or breaks, and goes on
/// where it was: each news is told once, and in its order; only a recovery may be told again, where a stream broke in the
/// middle of several.
#[derive(Debug)]
#[must_use = "nothing is asked before the first news is"]
pub struct Watch {
    watching: Watching,
    stream: Stream,
}

impl Watch {
    watch_face!([async] [.await] tokio::time::sleep);

    /// The next news. Of a service that can't be asked an error is told after as many attempts as the
    /// configuration says; whoever asks for more news then asks the service on. Nothing is left after an error that
    /// is of another kind.
    ///
    /// Whoever drops this while it waits loses nothing, and goes on waiting with the next one.
    ///
    /// # Errors
    /// [`ClientError`]. [`ClientError::Unavailable`] is not the end.
    pub async fn next(&mut self) -> Option<Result<News, ClientError>> {
        self.news().await
    }
}
