//! No operation of a bounded backend hangs.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::future::pending;
use std::time::Duration;

use async_trait::async_trait;
use tollgate_kv::{
    Bounded, Exchange, Increment, KeyValue, KeyValueError, Memory, New, OPERATION_TIMEOUT, Page,
    Swap,
};

/// A backend that never answers.
struct Hanging;

#[async_trait]
impl KeyValue for Hanging {
    async fn get(&self, _: &str) -> Result<Option<Vec<u8>>, KeyValueError> {
        pending().await
    }
    async fn set(&self, _: &str, _: Vec<u8>) -> Result<(), KeyValueError> {
        pending().await
    }
    async fn delete(&self, _: &str) -> Result<(), KeyValueError> {
        pending().await
    }
    async fn list(&self, _: Option<&str>) -> Result<Page, KeyValueError> {
        pending().await
    }
    async fn increment(&self, _: &str, _: i64) -> Result<Increment, KeyValueError> {
        pending().await
    }
    async fn exchange(&self, _: &str, _: Option<&[u8]>, _: New) -> Result<Swap, KeyValueError> {
        pending().await
    }
    async fn exchange_all(&self, _: &[Exchange]) -> Result<Option<Swap>, KeyValueError> {
        pending().await
    }
    async fn flush(&self) -> Result<(), KeyValueError> {
        Ok(())
    }
}

fn is_late<T>(result: Result<T, KeyValueError>) -> bool {
    result.is_err_and(|error| error.to_string() == "the store did not answer within 10ms")
}

#[tokio::test]
async fn every_operation_answers_in_time() {
    let values = Bounded::new(Hanging, Duration::from_millis(10));
    assert!(is_late(values.get("k").await));
    assert!(is_late(values.set("k", vec![]).await));
    assert!(is_late(values.delete("k").await));
    assert!(is_late(values.list(None).await));
    assert!(is_late(values.increment("k", 1).await));
    assert!(is_late(values.swap("k", None, vec![]).await));
    assert!(is_late(values.remove("k", b"").await));
    assert!(is_late(values.exchange_all(&[]).await));
}

#[tokio::test]
async fn a_backend_that_answers_is_as_it_was() {
    let values = Bounded::new(Memory::default(), OPERATION_TIMEOUT);
    assert_eq!(values.swap("k", None, b"one".to_vec()).await, Ok(Swap::Done));
    assert_eq!(values.get("k").await, Ok(Some(b"one".to_vec())));
}
