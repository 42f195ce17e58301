//! The async client, on tokio.

mod lease;
mod stream;
mod transport;
mod watch;

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
use crate::watch::{WatchRequest, Watching};

pub use lease::Lease;
use transport::Transport;
pub use watch::Watch;

/// A client of a service, for tasks on tokio. A clone is another handle to the same connections.
///
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/service.rs")); }
/// # let service = support::Service::start();
/// # let url = service.url();
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
/// # runtime.block_on(async {
/// use std::time::Duration;
/// use tollgate_client::{Acquire, AcquireError, Client, Config};
///
/// let client = Client::new(Config::new(&url)?)?;
/// let user_and_organisation = Acquire::new("quick", "alice", []).and("budget", "acme", 10);
/// client.acquire(&user_and_organisation, Duration::from_secs(5)).await?;
///
/// let too_many = Acquire::new("budget", "acme", 1_000);
/// let answer = client.acquire(&too_many, Duration::from_secs(5)).await;
/// assert!(matches!(answer, Err(AcquireError::Impossible(_))));
/// # Ok::<(), AcquireError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// If a future is dropped while it waits for an answer, the outcome of the request is unknown: it may be
/// charged, and what it would have held is charged when it expires.
#[derive(Debug, Clone)]
pub struct Client {
    config: Arc<Config>,
    transport: Transport,
}

impl Client {
    /// Sends nothing until the first call. Connections are kept, and belong to the runtime in which
    /// they are opened.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when TLS is not available.
    pub fn new(config: Config) -> Result<Self, ClientError> {
        let transport = Transport::new(&config)?;
        Ok(Self { config: Arc::new(config), transport })
    }

    client_face!([async] [.await] tokio::time::sleep);
}
