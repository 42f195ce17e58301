//! The Redis servers that the operator allows, and one connection to each address.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, ConnectionAddr, IntoConnectionInfo as _, RedisError};

use super::other;
use crate::bindings::spin::redis::redis::Error;
use crate::keyvalue::quirks::Quirks;

/// Maximum addresses that guests may be connected to at a time. An allowed server has several addresses if
/// guests use different passwords or databases.
const ADDRESSES_MAX: usize = 16;
/// How long a server may take to accept a connection, and to answer a command.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// A Redis server: host and port.
#[derive(Debug, Clone, PartialEq)]
pub struct RedisServer(ConnectionAddr);

impl FromStr for RedisServer {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let info = url.into_connection_info();
        let info = info.map_err(|error| format!("a server is redis://HOST[:PORT]: {error}"))?;
        Ok(Self(info.addr().clone()))
    }
}

/// The servers that guests may use, and the connections to them.
pub(crate) struct RedisServers {
    allowed: Vec<RedisServer>,
    /// `None` where guests wait for ever, as they do on Spin.
    answer_timeout: Option<Duration>,
    connections: Mutex<Connections>,
}

#[derive(Default)]
struct Connections {
    by_address: HashMap<String, RedisConnection>,
    /// How many connections were ever made.
    made: u64,
}

impl RedisServers {
    pub(crate) fn new(allowed: Vec<RedisServer>, quirks: Option<Quirks>) -> Self {
        let answer_timeout = quirks.is_none().then_some(ANSWER_TIMEOUT);
        Self { allowed, answer_timeout, connections: Mutex::default() }
    }

    /// The connection to `address`, which is established on first use.
    pub(super) fn connection(&self, address: String) -> Result<RedisConnection, Error> {
        let server = address.parse().map_err(|_| Error::InvalidAddress)?;
        if !self.allowed.contains(&server) {
            tracing::warn!("a guest wants {:?}, which no --allow-redis names", server.0);
            return Err(Error::InvalidAddress);
        }
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let Connections { by_address, made } = &mut *connections;
        if let Some(connection) = by_address.get(&address) {
            return Ok(connection.clone());
        }
        if by_address.len() >= ADDRESSES_MAX {
            return Err(Error::TooManyConnections);
        }
        *made += 1;
        let to = connect(&address, self.answer_timeout).map_err(other)?;
        let connection = RedisConnection { to, number: *made };
        by_address.insert(address, connection.clone());
        Ok(connection)
    }

    /// Drops a connection that failed.
    pub(super) fn forget(&self, number: u64) {
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.by_address.retain(|_, connection| connection.number != number);
    }
}

fn connect(
    address: &str,
    answer_timeout: Option<Duration>,
) -> Result<ConnectionManager, RedisError> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(answer_timeout)
        .set_response_timeout(answer_timeout)
        // The next request tries again.
        .set_number_of_retries(0);
    ConnectionManager::new_lazy_with_config(Client::open(address)?, config)
}

/// `spin:redis`'s handle of a connection.
#[derive(Clone)]
pub struct RedisConnection {
    pub(super) to: ConnectionManager,
    pub(super) number: u64,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    /// A password or a database does not make another server, and a server that is not named is none.
    #[test]
    fn servers_are_allowed_by_host_and_port() {
        let allowed = vec!["redis://db:6379".parse().unwrap()];
        let servers = RedisServers::new(allowed, None);
        for url in ["redis://other:6379", "redis://db:6380", "rediss://db:6379", "db:6379", ""] {
            let refused = servers.connection(url.to_owned());
            assert!(matches!(refused, Err(Error::InvalidAddress)), "{url}");
        }
        let server = |url: &str| url.parse::<RedisServer>();
        assert_eq!(server("redis://user:word@db/3"), server("redis://db:6379"));
        assert!(server("http://db").is_err());
    }
}
