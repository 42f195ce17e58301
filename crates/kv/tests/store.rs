//! Every backend is a store as the limiter needs it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use async_trait::async_trait;
use tollgate_core::Span;
use tollgate_kv::{
    Durability, Increment, KeyValue, KeyValueError, KeyValueStore, Memory, Nats, New, Page, Redb,
    Redis, Swap,
};
use tollgate_store::{Store, StoreError, conformance};
use tollgate_test_servers::{NatsServer, RedisServer};

#[tokio::test]
async fn memory_passes_the_suite() {
    let store = KeyValueStore::new(Arc::new(Memory::default()));
    conformance::run(&store, "memory").await;
    conformance::run_swept(&store, "memory").await;
}

#[tokio::test]
async fn redb_passes_the_suite_in_every_durability() {
    for durability in Durability::ALL {
        let directory = tempfile::tempdir().unwrap();
        let values = Redb::open(directory.path().join("values.redb"), durability).unwrap();
        let store = KeyValueStore::new(Arc::new(values));
        conformance::run(&store, durability.as_str()).await;
        conformance::run_swept(&store, durability.as_str()).await;
    }
}

/// An address whose server may take its time: a hundred tests keep the disk busy, and what is promised is about values.
fn patient(url: &str) -> String {
    format!("{url}?response_timeout_ms=20000")
}

#[tokio::test]
async fn redis_passes_the_suite() {
    let server = RedisServer::start();
    let values = Redis::connect(&patient(&server.url())).await.unwrap();
    let store = KeyValueStore::new(Arc::new(values));
    conformance::run(&store, "redis").await;
    conformance::run_swept(&store, "redis").await;
}

#[tokio::test]
async fn a_redis_cluster_passes_the_suite() {
    let node = RedisServer::start_cluster();
    let address = node.url().replace("redis://", "redis-cluster://");
    let store = KeyValueStore::new(Arc::new(Redis::connect(&patient(&address)).await.unwrap()));
    conformance::run(&store, "cluster").await;
    conformance::run_swept(&store, "cluster").await;
}

#[tokio::test]
async fn nats_passes_the_suite() {
    let server = NatsServer::start();
    let values = Nats::connect(&patient(&server.url())).await.unwrap();
    let store = KeyValueStore::new(Arc::new(values));
    conformance::run(&store, "nats").await;
    conformance::run_swept(&store, "nats").await;
}

/// A backend that can't do anything.
struct Broken;

const BROKEN: &str = "the disk is on fire";

fn broken<T>() -> Result<T, KeyValueError> {
    Err(KeyValueError::Backend(BROKEN.to_owned()))
}

#[async_trait]
impl KeyValue for Broken {
    async fn get(&self, _: &str) -> Result<Option<Vec<u8>>, KeyValueError> {
        broken()
    }
    async fn set(&self, _: &str, _: Vec<u8>) -> Result<(), KeyValueError> {
        broken()
    }
    async fn delete(&self, _: &str) -> Result<(), KeyValueError> {
        broken()
    }
    async fn list(&self, _: Option<&str>) -> Result<Page, KeyValueError> {
        broken()
    }
    async fn increment(&self, _: &str, _: i64) -> Result<Increment, KeyValueError> {
        broken()
    }
    async fn exchange(&self, _: &str, _: Option<&[u8]>, _: New) -> Result<Swap, KeyValueError> {
        broken()
    }
    async fn flush(&self) -> Result<(), KeyValueError> {
        broken()
    }
}

#[tokio::test]
async fn an_error_of_the_backend_is_an_unavailable_store() {
    let store = KeyValueStore::new(Arc::new(Broken));
    let unavailable = StoreError::Unavailable(BROKEN.to_owned());
    assert_eq!(store.load("k").await.unwrap_err(), unavailable);
    assert_eq!(store.swap("k", None, b"", Span::NEVER).await, Err(unavailable));
}

#[tokio::test]
async fn a_key_that_no_backend_takes_is_an_unavailable_record() {
    let store = KeyValueStore::new(Arc::new(Memory::default()));
    assert!(matches!(store.load("").await, Err(StoreError::Unavailable(_))));
}
