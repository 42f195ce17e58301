//! Servers that keep values: their addresses, timeouts and connection errors.

mod address;

use std::sync::Arc;
use std::time::Duration;

use crate::contract::KeyValue;
use crate::nats::Nats;
use crate::redis::Redis;

pub(crate) use self::address::Address;

/// Default timeout for connecting to a server.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Default timeout for an answer of a server.
pub const RESPONSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Longest timeout that an address may set. No client waits that long.
pub const TIMEOUT_MAX: Duration = Duration::from_secs(60);

/// How a server is reached, in the words of an error message.
const SCHEMES: &str =
    "redis://, rediss://, redis-cluster://, rediss-cluster://, nats:// and tls://";

/// Opens the values of the server at `address`, whichever kind it is: see [`Redis::connect`]
/// and [`Nats::connect`].
///
/// # Errors
/// [`ConnectError`], which says what to do. It comes within the timeouts of the address.
pub async fn connect(address: &str) -> Result<Arc<dyn KeyValue>, ConnectError> {
    let address = Address::parse(address)?;
    match address.scheme() {
        "redis" | "rediss" | "redis-cluster" | "rediss-cluster" => {
            Ok(Arc::new(Redis::open(address).await?))
        }
        "nats" | "tls" => Ok(Arc::new(Nats::open(address).await?)),
        scheme => Err(address.wrong(format!("there is no store {scheme}://, but {SCHEMES}"))),
    }
}

/// Why a server can't be used, and what to do. It never holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The address is not the address of a store.
    #[error("{address}: {reason}")]
    Address {
        /// The address, without user and password.
        address: String,
        /// The field, and what it may be.
        reason: String,
    },
    /// Connecting to the address failed.
    #[error("{address}: {reason}; start the server, or give another address")]
    Unreachable {
        /// The address, without user and password.
        address: String,
        /// What the system says.
        reason: String,
    },
    /// The server did not answer in time.
    #[error(
        "{address}: no answer within {after:?}; check that this is the host and the port of the server"
    )]
    Unanswered {
        /// The address, without user and password.
        address: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// The server requires a user and password, or other ones than given.
    #[error("{address}: the server denies access ({reason}); check the user and the password")]
    Denied {
        /// The address, without user and password.
        address: String,
        /// What the server says.
        reason: String,
    },
    /// The server can't do what a store needs.
    #[error("{address}: {reason}")]
    Unusable {
        /// The address, without user and password.
        address: String,
        /// What it can't do.
        reason: String,
    },
}

/// The timeouts of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeouts {
    /// For connecting.
    pub(crate) connect: Duration,
    /// For each answer.
    pub(crate) response: Duration,
}

/// Installs a TLS cryptography provider, once per process: the libraries panic without one. A provider that
/// the program has installed already stays.
pub(crate) fn prepare_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
