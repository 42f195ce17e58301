//! The link to the server: one shared connection, reopened when it breaks, and a timeout on every wait.
//!
//! The library's own connection manager won't do: once connecting has failed for any reason but the
//! network (the password was changed for a moment, say), it never tries again.

use std::fmt::Display;
use std::time::Duration;

use ::redis::{Cmd, ErrorKind, RedisError, RedisResult, ServerErrorKind};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::connection::{Connection, Connector};
use crate::contract::KeyValueError;
use crate::server::{Address, ConnectError, Timeouts};

/// How long a failed attempt to connect is the answer to every operation, before the next attempt.
const RECONNECT_INTERVAL: Duration = Duration::from_millis(50);

pub(super) struct Link {
    connector: Connector,
    timeouts: Timeouts,
    /// The server's name in messages.
    shown: String,
    state: Mutex<State>,
}

/// The current connection.
struct State {
    now: Result<Connection, Down>,
    /// The number of the connection, counted up: a report of a broken one names it by this.
    number: u64,
}

/// There is no connection.
struct Down {
    /// When to try again.
    until: Instant,
    error: RedisError,
}

/// Why an operation was not done, or is not known to have been done.
pub(super) struct Failure {
    shown: String,
    cause: Cause,
}

enum Cause {
    Error(RedisError),
    /// Nothing came within this time.
    Silence(Duration),
}

impl Link {
    pub(super) async fn open(address: &Address, timeouts: Timeouts) -> Result<Self, ConnectError> {
        let connector = Connector::new(address, timeouts)
            .map_err(|error| address.wrong(format!("it is no address of Redis ({error})")))?;
        let shown = address.shown().to_owned();
        let opening = within(timeouts.connect, connector.connect());
        let connection =
            opening.await.map_err(|cause| Failure { shown: shown.clone(), cause }.explain())?;
        let state = Mutex::new(State { now: Ok(connection), number: 0 });
        let link = Self { connector, timeouts, shown, state };
        link.run(check).await.map_err(|failure| failure.explain())?;
        Ok(link)
    }

    /// The longest that an operation may take.
    pub(super) fn time_limit(&self) -> Duration {
        self.timeouts.connect + self.timeouts.response
    }

    pub(super) const fn is_cluster(&self) -> bool {
        matches!(self.connector, Connector::Cluster(_))
    }

    /// Does one operation, without retrying it.
    pub(super) async fn run<T, F>(
        &self,
        operation: impl FnOnce(Connection) -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let (connection, number) = self.connection().await.map_err(|cause| self.failure(cause))?;
        match within(self.timeouts.response, operation(connection)).await {
            Ok(answer) => Ok(answer),
            Err(cause) => {
                if cause.breaks_the_connection() {
                    self.report_broken(number).await;
                }
                Err(self.failure(cause))
            }
        }
    }

    /// The connection and its number; a new one if there is none.
    async fn connection(&self) -> Result<(Connection, u64), Cause> {
        if let Ok(state) = self.state.try_lock()
            && let Ok(connection) = &state.now
        {
            return Ok((connection.clone(), state.number));
        }
        within(self.timeouts.connect, self.reconnect()).await
    }

    /// One caller connects, the others wait for it.
    async fn reconnect(&self) -> RedisResult<(Connection, u64)> {
        let mut state = self.state.lock().await;
        match &state.now {
            Ok(connection) => return Ok((connection.clone(), state.number)),
            Err(down) if Instant::now() < down.until => {
                return Err(down.error.clone());
            }
            Err(_) => {}
        }
        state.now = self
            .connector
            .connect()
            .await
            .map_err(|error| Down { until: Instant::now() + RECONNECT_INTERVAL, error });
        state.number += 1;
        match &state.now {
            Ok(connection) => Ok((connection.clone(), state.number)),
            Err(down) => Err(down.error.clone()),
        }
    }

    /// Drops the connection with this number, so that the next operation opens another.
    async fn report_broken(&self, number: u64) {
        let mut state = self.state.lock().await;
        if state.number == number && state.now.is_ok() {
            let error = RedisError::from((ErrorKind::Io, "the connection broke"));
            state.now = Err(Down { until: Instant::now(), error });
        }
    }

    /// The error of something other than the connection.
    pub(super) fn error(&self, reason: impl Display) -> KeyValueError {
        KeyValueError::Backend(format!("{}: {reason}", self.shown))
    }

    fn failure(&self, cause: Cause) -> Failure {
        Failure { shown: self.shown.clone(), cause }
    }
}

/// Checks that the server will do for a limiter, so that mistakes show before there are requests.
async fn check(mut to: Connection) -> RedisResult<()> {
    Cmd::ping().query_async::<()>(&mut to).await?;
    let Connection::Server(mut server) = to else { return Ok(()) };
    let mut command = ::redis::cmd("INFO");
    // A user who lacks the permission for this can still be served.
    let told: String = command.arg("cluster").query_async(&mut server).await.unwrap_or_default();
    if told.contains("cluster_enabled:1") {
        let advice = "it is a node of a cluster; give its address as redis-cluster://";
        return Err((ErrorKind::InvalidClientConfig, advice).into());
    }
    Ok(())
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = RedisResult<T>>,
) -> Result<T, Cause> {
    match timeout(limit, work).await {
        Ok(outcome) => outcome.map_err(Cause::Error),
        Err(_) => Err(Cause::Silence(limit)),
    }
}

impl Cause {
    /// So does a read-only server: one that became a replica stays one as long as the connection lasts.
    fn breaks_the_connection(&self) -> bool {
        match self {
            Self::Silence(_) => true,
            Self::Error(error) => {
                error.is_unrecoverable_error()
                    || error.is_io_error()
                    || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
            }
        }
    }
}

impl Failure {
    pub(super) fn is(&self, kind: ErrorKind) -> bool {
        matches!(&self.cause, Cause::Error(error) if error.kind() == kind)
    }

    /// The error to report when it happens on connecting at startup.
    fn explain(self) -> ConnectError {
        let address = self.shown;
        let error = match self.cause {
            Cause::Silence(after) => return ConnectError::Unanswered { address, after },
            Cause::Error(error) => error,
        };
        let reason = error.to_string();
        match error.kind() {
            ErrorKind::AuthenticationFailed => ConnectError::Denied { address, reason },
            _ if matches!(error.code(), Some("NOAUTH" | "WRONGPASS" | "NOPERM")) => {
                ConnectError::Denied { address, reason }
            }
            ErrorKind::Parse => {
                let reason = "whoever listens there does not speak Redis's protocol".to_owned();
                ConnectError::Unusable { address, reason }
            }
            ErrorKind::Io | ErrorKind::ClusterConnectionNotFound => {
                ConnectError::Unreachable { address, reason }
            }
            _ => ConnectError::Unusable { address, reason },
        }
    }
}

impl From<Failure> for KeyValueError {
    fn from(failure: Failure) -> Self {
        let Failure { shown, cause } = failure;
        Self::Backend(match cause {
            Cause::Error(error) => format!("{shown}: {error}"),
            Cause::Silence(after) => format!("{shown}: no answer within {after:?}"),
        })
    }
}
