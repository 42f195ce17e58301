//! A backend without its memory of what it was told.

use std::sync::Arc;

use async_trait::async_trait;
use tollgate_kv::{Increment, KeyValue, KeyValueError, New, Page, Swap};

pub(crate) struct Forgetful(pub(crate) Arc<dyn KeyValue>);

#[async_trait]
impl KeyValue for Forgetful {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KeyValueError> {
        self.0.get(key).await
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), KeyValueError> {
        self.0.set(key, value).await
    }

    async fn delete(&self, key: &str) -> Result<(), KeyValueError> {
        self.0.delete(key).await
    }

    async fn list(&self, cursor: Option<&str>) -> Result<Page, KeyValueError> {
        self.0.list(cursor).await
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<Increment, KeyValueError> {
        self.0.increment(key, delta).await
    }

    async fn exchange(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: New,
    ) -> Result<Swap, KeyValueError> {
        self.0.exchange(key, expected, new).await
    }

    async fn flush(&self) -> Result<(), KeyValueError> {
        self.0.flush().await
    }
}
