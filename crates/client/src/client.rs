//! The async face, on tokio.

mod lease;
mod transport;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::answer::{Answer, Limits};
use crate::calls::{
    self, Acquire, AdaptiveLimit, Call, Capacity, EventReport, Events, Granted, Reported,
};
use crate::config::Config;
use crate::error::{AcquireError, ClientError};
use crate::exchange::{Exchange, Machine, Step};
use crate::face::client_face;
use crate::held::Held;
use crate::waiting::Waiting;

pub use lease::Lease;
use transport::Transport;

/// A service, asked by tasks on tokio. A clone is another handle to the same connections.
///
/// Whoever drops a future while it waits for an answer does not learn what came of the request: it may be
/// charged, and what it would have held is charged when it expires.
#[derive(Debug, Clone)]
pub struct Client {
    config: Arc<Config>,
    transport: Transport,
}

impl Client {
    /// Nothing is asked until it is told to. Connections are kept, and belong to the runtime in which
    /// they are opened.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when there is no TLS to be had.
    pub fn new(config: Config) -> Result<Self, ClientError> {
        let transport = Transport::new(&config)?;
        Ok(Self { config: Arc::new(config), transport })
    }

    client_face!([async] [.await] tokio::time::sleep);
}
