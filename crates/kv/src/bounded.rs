//! A backend that always answers in time.

use std::future::Future;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;
use tollgate_store::{Page, Swap};

use crate::contract::{Exchange, Increment, KeyValue, KeyValueError, New};

/// Default timeout of one operation. A request may need several operations, and times out after five
/// seconds.
pub const OPERATION_TIMEOUT: Duration = Duration::from_secs(1);

/// Puts a timeout on each operation of a backend. One that takes longer fails with
/// [`KeyValueError::Backend`]; a write may still be done.
///
/// Only a future that yields can time out: a backend must not block its thread.
#[derive(Debug)]
pub struct Bounded<K> {
    values: K,
    operation_timeout: Duration,
}

impl<K: KeyValue> Bounded<K> {
    /// `values`, with this timeout for each operation.
    pub const fn new(values: K, operation_timeout: Duration) -> Self {
        Self { values, operation_timeout }
    }

    async fn in_time<T>(
        &self,
        operation: impl Future<Output = Result<T, KeyValueError>>,
    ) -> Result<T, KeyValueError> {
        timeout(self.operation_timeout, operation).await.unwrap_or_else(|_| {
            let limit = self.operation_timeout;
            Err(KeyValueError::Backend(format!("the store did not answer within {limit:?}")))
        })
    }
}

#[async_trait]
impl<K: KeyValue> KeyValue for Bounded<K> {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KeyValueError> {
        self.in_time(self.values.get(key)).await
    }

    fn recall(&self, key: &str) -> Option<Option<Vec<u8>>> {
        self.values.recall(key)
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), KeyValueError> {
        self.in_time(self.values.set(key, value)).await
    }

    async fn delete(&self, key: &str) -> Result<(), KeyValueError> {
        self.in_time(self.values.delete(key)).await
    }

    async fn list(&self, cursor: Option<&str>) -> Result<Page, KeyValueError> {
        self.in_time(self.values.list(cursor)).await
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<Increment, KeyValueError> {
        self.in_time(self.values.increment(key, delta)).await
    }

    async fn exchange(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: New,
    ) -> Result<Swap, KeyValueError> {
        self.in_time(self.values.exchange(key, expected, new)).await
    }

    async fn exchange_all(&self, exchanges: &[Exchange]) -> Result<Option<Swap>, KeyValueError> {
        self.in_time(self.values.exchange_all(exchanges)).await
    }

    fn expires(&self) -> bool {
        self.values.expires()
    }

    /// Without a timeout: nothing waits behind it, and what is not written is lost.
    async fn flush(&self) -> Result<(), KeyValueError> {
        self.values.flush().await
    }
}
