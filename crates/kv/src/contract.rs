//! What every key-value backend promises.

use std::collections::BTreeSet;

use async_trait::async_trait;
use tollgate_core::Span;
use tollgate_store::{Page, Swap};

/// Longest key in bytes. Spin's stores allow no more, so neither do we.
pub const KEY_BYTES_MAX: usize = 256;
/// Longest value in bytes.
pub const VALUE_BYTES_MAX: usize = 1 << 20;
/// Most keys that one page of [`KeyValue::list`] holds.
pub const PAGE_KEYS_MAX: usize = 1_000;

/// Most exchanges in one [`KeyValue::exchange_all`].
pub const EXCHANGES_MAX: usize = 8;

/// Values under keys, shared by everything that runs in this process.
///
/// Every operation on a key is linearizable: once one has answered, all later ones see its effect. Each
/// backend says when the effect also survives a crash.
///
/// # Errors
/// Every operation checks its key and its value first ([`KeyValueError::KeyLength`],
/// [`KeyValueError::ValueLength`]) and then has no effect. After [`KeyValueError::Backend`] it is
/// unknown whether a write was done.
#[async_trait]
pub trait KeyValue: Send + Sync + 'static {
    /// The value under `key`.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KeyValueError>;

    /// What this process last saw under `key` or is writing there, if the backend remembers that: the value, or
    /// `Some(None)` for none. No server is asked, so it may be stale, or never come to be there. A backend inside
    /// this process remembers nothing.
    fn recall(&self, key: &str) -> Option<Option<Vec<u8>>> {
        let _ = key;
        None
    }

    /// Writes `value` under `key`, whatever was there.
    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), KeyValueError>;

    /// Removes `key`; removing an absent key is not an error.
    async fn delete(&self, key: &str) -> Result<(), KeyValueError>;

    /// Keys in the backend's own order, from where `cursor` of the page before left off: about
    /// [`PAGE_KEYS_MAX`] at most.
    ///
    /// A page may hold fewer keys, even none, and still not be the last. A key that exists while all
    /// pages are read is listed at least once; one that comes or goes meanwhile may be missed. A backend
    /// that lists in ascending order lists each key once, and takes any key as a cursor (exclusive).
    ///
    /// # Errors
    /// [`KeyValueError::Cursor`] if no page of this backend ended with `cursor`.
    async fn list(&self, cursor: Option<&str>) -> Result<Page, KeyValueError>;

    /// Adds `delta` to the number under `key` (8 bytes, little-endian, signed; an absent key is 0)
    /// and returns the sum.
    async fn increment(&self, key: &str, delta: i64) -> Result<Increment, KeyValueError>;

    /// Puts `new` under `key` if it still holds `expected` (`None`: is still absent).
    async fn exchange(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: New,
    ) -> Result<Swap, KeyValueError>;

    /// Does all exchanges if every key still holds its expected value, and none otherwise. They are 1 to
    /// [`EXCHANGES_MAX`], with different keys. Returns `None`, and does nothing, if the backend can't do
    /// them in one step.
    async fn exchange_all(&self, exchanges: &[Exchange]) -> Result<Option<Swap>, KeyValueError> {
        let _ = exchanges;
        Ok(None)
    }

    /// Whether a value that was written as [`New::Expiring`] disappears by itself after its time. A backend
    /// that says no keeps it.
    fn expires(&self) -> bool {
        false
    }

    /// Writes `value` if `key` still holds `expected` (`None`: is still absent).
    async fn swap(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        value: Vec<u8>,
    ) -> Result<Swap, KeyValueError> {
        self.exchange(key, expected, New::Value(value)).await
    }

    /// Removes `key` if it still holds `expected`.
    async fn remove(&self, key: &str, expected: &[u8]) -> Result<Swap, KeyValueError> {
        self.exchange(key, Some(expected), New::Absent).await
    }

    /// Makes every acknowledged write durable. Called once, at shutdown.
    async fn flush(&self) -> Result<(), KeyValueError>;
}

/// What an exchange leaves under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum New {
    /// This value.
    Value(Vec<u8>),
    /// This value, kept at least for this time. After it the value may disappear, unless it was written again.
    Expiring(Vec<u8>, Span),
    /// Nothing.
    Absent,
}

impl New {
    /// The value, if it is one.
    #[must_use]
    pub fn value(&self) -> Option<&[u8]> {
        match self {
            Self::Value(value) | Self::Expiring(value, _) => Some(value),
            Self::Absent => None,
        }
    }

    pub(crate) fn check(&self) -> Result<(), KeyValueError> {
        check_value(self.value().unwrap_or_default())
    }
}

/// One of several exchanges that are done together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The key.
    pub key: String,
    /// What it still has to hold: `None` if it has to be absent.
    pub expected: Option<Vec<u8>>,
    /// What it holds afterwards.
    pub new: New,
}

/// The outcome of an increment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Increment {
    /// The new number.
    Sum(i64),
    /// The value under the key is not an 8-byte number, or the sum overflows; nothing was changed.
    NotANumber,
}

/// Why a backend could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyValueError {
    /// The key is empty or longer than [`KEY_BYTES_MAX`].
    #[error("a key has 1 to {KEY_BYTES_MAX} bytes, this one has {0}")]
    KeyLength(usize),
    /// There are no exchanges, more than [`EXCHANGES_MAX`], or two for the same key.
    #[error("exchanges are done 1 to {EXCHANGES_MAX} at a time, each with a key of its own")]
    Exchanges,
    /// The value is longer than [`VALUE_BYTES_MAX`].
    #[error("a value has at most {VALUE_BYTES_MAX} bytes, this one has {0}")]
    ValueLength(usize),
    /// The cursor is not from a page of this backend.
    #[error("the cursor is not the one of an earlier page")]
    Cursor,
    /// The backend failed.
    #[error("{0}")]
    Backend(String),
}

/// Refuses keys of invalid length.
pub(crate) fn check_key(key: &str) -> Result<(), KeyValueError> {
    match key.len() {
        1..=KEY_BYTES_MAX => Ok(()),
        length => Err(KeyValueError::KeyLength(length)),
    }
}

/// Refuses values that are too long.
pub(crate) fn check_value(value: &[u8]) -> Result<(), KeyValueError> {
    match value.len() {
        0..=VALUE_BYTES_MAX => Ok(()),
        length => Err(KeyValueError::ValueLength(length)),
    }
}

/// Refuses exchanges that can't be done together.
pub(crate) fn check_exchanges(exchanges: &[Exchange]) -> Result<(), KeyValueError> {
    let keys: BTreeSet<&str> = exchanges.iter().map(|exchange| &*exchange.key).collect();
    if !(1..=EXCHANGES_MAX).contains(&exchanges.len()) || keys.len() < exchanges.len() {
        return Err(KeyValueError::Exchanges);
    }
    exchanges.iter().try_for_each(|exchange| {
        check_key(&exchange.key)?;
        exchange.new.check()
    })
}
