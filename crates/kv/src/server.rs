//! Servers that keep values: where they are, how long they may take, and what is wrong with them.

mod address;

use std::sync::Arc;
use std::time::Duration;

use crate::contract::KeyValue;
use crate::nats::Nats;
use crate::redis::Redis;

pub(crate) use self::address::Address;

/// How long connecting to a server may take, unless its address says otherwise.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a server may take to answer, unless its address says otherwise.
pub const RESPONSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Longest timeout that an address may ask for. A client has given up by then.
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
    /// The address is no address of a store.
    #[error("{address}: {reason}")]
    Address {
        /// The address, without user and password.
        address: String,
        /// The field, and what it may be.
        reason: String,
    },
    /// Nobody listens there.
    #[error("{address}: {reason}; start the server, or give another address")]
    Unreachable {
        /// The address, without user and password.
        address: String,
        /// What the system says.
        reason: String,
    },
    /// Whoever listens there does not answer.
    #[error(
        "{address}: no answer within {after:?}; check that this is the host and the port of the server"
    )]
    Unanswered {
        /// The address, without user and password.
        address: String,
        /// How long was waited.
        after: Duration,
    },
    /// The server wants a user and a password, or others.
    #[error("{address}: the server denies access ({reason}); check the user and the password")]
    Denied {
        /// The address, without user and password.
        address: String,
        /// What the server says.
        reason: String,
    },
    /// The server can't do what is asked of it.
    #[error("{address}: {reason}")]
    Unusable {
        /// The address, without user and password.
        address: String,
        /// What it can't do.
        reason: String,
    },
}

/// How long a server may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeouts {
    /// To be connected to.
    pub(crate) connect: Duration,
    /// To answer.
    pub(crate) response: Duration,
}

/// Says who does the cryptography of TLS, once per process: the libraries panic where nobody said it. What
/// the program has chosen already stays.
pub(crate) fn prepare_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
