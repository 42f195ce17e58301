//! The link to the server: one shared connection, reopened when it breaks, and a timeout on every wait.
//!
//! The library's own connection manager won't do: once connecting has failed for any reason but the
//! network (the password was changed for a moment, say), it never tries again.

use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::redis::{Cmd, ErrorKind, RedisError, RedisResult, ServerErrorKind};
use tokio::time::{Instant, sleep, timeout};

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
    /// Held while connecting: one does, the others wait for it.
    connecting: tokio::sync::Mutex<()>,
}

/// The current connection. That to a cluster stays until there is another.
struct State {
    now: Result<Connection, Down>,
    /// The number of the connection, counted up: a report of a broken one names it by this.
    number: u64,
}

/// There is no connection.
#[derive(Clone)]
struct Down {
    /// When to try again.
    until: Instant,
    cause: Cause,
}

/// Why an operation was not done, or is not known to have been done.
pub(super) struct Failure {
    shown: String,
    cause: Cause,
}

#[derive(Clone)]
enum Cause {
    Error(RedisError),
    /// Nothing came within this time.
    Silence(Duration),
}

impl Link {
    pub(super) async fn open(
        address: &Address,
        timeouts: Timeouts,
    ) -> Result<Arc<Self>, ConnectError> {
        let connector = Connector::new(address, timeouts)
            .map_err(|error| address.wrong(format!("it is no address of Redis ({error})")))?;
        let shown = address.shown().to_owned();
        let opening = within(timeouts.connect, connector.connect());
        let connection =
            opening.await.map_err(|cause| Failure { shown: shown.clone(), cause }.explain())?;
        let state = Mutex::new(State { now: Ok(connection), number: 0 });
        let connecting = tokio::sync::Mutex::default();
        let link = Arc::new(Self { connector, timeouts, shown, state, connecting });
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
        self: &Arc<Self>,
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
                    self.report_broken(number);
                }
                Err(self.failure(cause))
            }
        }
    }

    /// The connection and its number; a new one if there is none.
    async fn connection(self: &Arc<Self>) -> Result<(Connection, u64), Cause> {
        if let Ok(connected) = self.state().connected() {
            return Ok(connected);
        }
        // In a task of its own: whoever stops waiting does not stop it for the others.
        let link = Arc::clone(self);
        let reconnecting = tokio::spawn(async move { link.reconnect().await });
        match timeout(self.timeouts.connect, reconnecting).await {
            Ok(Ok(connected)) => connected,
            Ok(Err(_)) => Err(io_error("the program is stopping").into()),
            Err(_) => Err(Cause::Silence(self.timeouts.connect)),
        }
    }

    /// One caller connects, the others wait for it.
    async fn reconnect(&self) -> Result<(Connection, u64), Cause> {
        let _connecting = self.connecting.lock().await;
        match self.state().connected() {
            Err(down) if Instant::now() >= down.until => {}
            known => return known.map_err(|down| down.cause),
        }
        let connected = self.connect().await;
        let mut state = self.state();
        state.now =
            connected.map_err(|cause| Down { until: Instant::now() + RECONNECT_INTERVAL, cause });
        state.number += 1;
        state.connected().map_err(|down| down.cause)
    }

    /// The connection with this number broke: the next operation gets another.
    fn report_broken(self: &Arc<Self>, number: u64) {
        let mut state = self.state();
        if state.number != number || state.now.is_err() {
            return;
        }
        if self.is_cluster() {
            // It may be one node of many. The others are asked over this connection until there is another one.
            let link = Arc::clone(self);
            tokio::spawn(async move { link.replace(number).await });
        } else {
            let cause = io_error("the connection broke").into();
            state.now = Err(Down { until: Instant::now(), cause });
        }
    }

    /// Puts a new connection in the place of the one with this number.
    async fn replace(&self, number: u64) {
        let Ok(_connecting) = self.connecting.try_lock() else { return };
        if self.state().number != number {
            return;
        }
        match self.connect().await {
            Ok(connection) => {
                let mut state = self.state();
                *state = State { now: Ok(connection), number: number + 1 };
            }
            // Until then nobody tries again.
            Err(_) => sleep(RECONNECT_INTERVAL).await,
        }
    }

    async fn connect(&self) -> Result<Connection, Cause> {
        within(self.timeouts.connect, self.connector.connect()).await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The error of something other than the connection.
    pub(super) fn error(&self, reason: impl Display) -> KeyValueError {
        KeyValueError::Backend(format!("{}: {reason}", self.shown))
    }

    fn failure(&self, cause: Cause) -> Failure {
        Failure { shown: self.shown.clone(), cause }
    }
}

impl State {
    fn connected(&self) -> Result<(Connection, u64), Down> {
        match &self.now {
            Ok(connection) => Ok((connection.clone(), self.number)),
            Err(down) => Err(down.clone()),
        }
    }
}

fn io_error(what: &'static str) -> RedisError {
    (ErrorKind::Io, what).into()
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

impl From<RedisError> for Cause {
    fn from(error: RedisError) -> Self {
        Self::Error(error)
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
