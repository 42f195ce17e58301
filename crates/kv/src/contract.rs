//! What every key-value backend promises.

use async_trait::async_trait;
use tollgate_store::Swap;

/// Longest key in bytes. Spin's stores allow no more, so neither do we.
pub const KEY_BYTES_MAX: usize = 256;
/// Longest value in bytes.
pub const VALUE_BYTES_MAX: usize = 1 << 20;
/// Most keys that one page of [`KeyValue::list`] holds.
pub const PAGE_KEYS_MAX: usize = 1_000;

/// Values under keys, shared by everything that runs in this process.
///
/// Every operation on a key is linearizable: once one has answered, all later ones see its effect. When
/// the effect also survives a crash is for the backend to say.
///
/// # Errors
/// Every operation checks its key and its value first ([`KeyValueError::KeyLength`],
/// [`KeyValueError::ValueLength`]) and then has no effect. After [`KeyValueError::Backend`] it is
/// unknown whether a write was done.
#[async_trait]
pub trait KeyValue: Send + Sync + 'static {
    /// The value under `key`.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KeyValueError>;

    /// Writes `value` under `key`, whatever was there.
    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), KeyValueError>;

    /// Removes `key`; removing an absent key is no error.
    async fn delete(&self, key: &str) -> Result<(), KeyValueError>;

    /// Keys in ascending byte order, after `cursor` (exclusive), at most [`PAGE_KEYS_MAX`].
    ///
    /// A page may hold fewer keys than that and still not be the last. A key that exists while all
    /// pages are read is listed exactly once; one that comes or goes meanwhile may be missed.
    async fn list(&self, cursor: Option<&str>) -> Result<Page, KeyValueError>;

    /// Adds `delta` to the number under `key` (8 bytes, little-endian, signed; an absent key is 0)
    /// and answers the sum.
    async fn increment(&self, key: &str, delta: i64) -> Result<Increment, KeyValueError>;

    /// Writes `value` if `key` still holds `expected` (`None`: is still absent).
    async fn swap(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        value: Vec<u8>,
    ) -> Result<Swap, KeyValueError>;

    /// Writes everything that was acknowledged to where it is safe. Called once, at shutdown.
    async fn flush(&self) -> Result<(), KeyValueError>;
}

/// One page of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The keys, ascending.
    pub keys: Vec<String>,
    /// What to give to [`KeyValue::list`] for the next page, or nothing when this was the last.
    pub cursor: Option<String>,
}

/// How an increment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Increment {
    /// The new number.
    Sum(i64),
    /// The value under the key is no 8-byte number, or the sum does not fit; nothing was changed.
    NotANumber,
}

/// Why a backend could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyValueError {
    /// The key is empty or longer than [`KEY_BYTES_MAX`].
    #[error("a key has 1 to {KEY_BYTES_MAX} bytes, this one has {0}")]
    KeyLength(usize),
    /// The value is longer than [`VALUE_BYTES_MAX`].
    #[error("a value has at most {VALUE_BYTES_MAX} bytes, this one has {0}")]
    ValueLength(usize),
    /// The backend failed.
    #[error("{0}")]
    Backend(String),
}

/// Refuses a key that no backend takes.
pub(crate) fn check_key(key: &str) -> Result<(), KeyValueError> {
    match key.len() {
        1..=KEY_BYTES_MAX => Ok(()),
        length => Err(KeyValueError::KeyLength(length)),
    }
}

/// Refuses a value that no backend takes.
pub(crate) fn check_value(value: &[u8]) -> Result<(), KeyValueError> {
    match value.len() {
        0..=VALUE_BYTES_MAX => Ok(()),
        length => Err(KeyValueError::ValueLength(length)),
    }
}
