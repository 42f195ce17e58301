//! The client for threads: every call blocks until it is done. Not for async tasks: it would block their
//! runtime.

mod lease;
mod stream;
mod transport;
mod watch;

use std::sync::Arc;
use std::thread;
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
use crate::watch::{WatchRequest, Watching};

pub use lease::Lease;
use transport::Transport;
pub use watch::Watch;

/// A client of a service, for threads. A clone is another handle to the same connections.
#[derive(Debug, Clone)]
pub struct Client {
    config: Arc<Config>,
    transport: Transport,
}

impl Client {
    /// Sends nothing until the first call. Connections are kept.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let transport = Transport::new(&config);
        Self { config: Arc::new(config), transport }
    }

    client_face!([] [] thread::sleep);
}
