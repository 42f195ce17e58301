//! A hot key under a policy with leases: the edge function seldom uses the store, and stays exact.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, StreamExt as _};
use http::{Request, StatusCode};
use tollgate_host::edge::{Edge, EdgeConfig};
use tollgate_host::server::Handler;
use tollgate_kv::{Increment, KeyValue, KeyValueError, Memory, New, Page, Swap};

const POLICIES: &str = r#"
[policy.hot]
contention = "lease"
requests = { algorithm = "fixed-window", limit = 1000000000, per = "1d" }

[policy.scarce]
contention = "lease"
requests = { algorithm = "fixed-window", limit = 5000, per = "365d" }
"#;

/// Concurrent clients.
const CLIENTS: usize = 64;

/// The number of requests: `TOLLGATE_HOT_REQUESTS`, for the figures of docs/benchmarks.md.
fn requests() -> usize {
    const FEW: usize = 20_000;
    std::env::var("TOLLGATE_HOT_REQUESTS").map_or(FEW, |count| count.parse().unwrap())
}

/// A store in memory that counts its operations.
#[derive(Default)]
struct Counted {
    values: Memory,
    reads: AtomicUsize,
    writes: AtomicUsize,
    conflicts: AtomicUsize,
}

#[async_trait]
impl KeyValue for Counted {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KeyValueError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.values.get(key).await
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), KeyValueError> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.values.set(key, value).await
    }

    async fn delete(&self, key: &str) -> Result<(), KeyValueError> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.values.delete(key).await
    }

    async fn list(&self, cursor: Option<&str>) -> Result<Page, KeyValueError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.values.list(cursor).await
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<Increment, KeyValueError> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.values.increment(key, delta).await
    }

    async fn exchange(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: New,
    ) -> Result<Swap, KeyValueError> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        let end = self.values.exchange(key, expected, new).await?;
        self.conflicts.fetch_add(usize::from(end == Swap::Conflict), Ordering::Relaxed);
        Ok(end)
    }

    async fn flush(&self) -> Result<(), KeyValueError> {
        self.values.flush().await
    }
}

/// The edge function with the limiter inside, as `cargo xtask wasm` built it.
fn edge(store: Arc<Counted>) -> Edge {
    let test = std::env::current_exe().unwrap();
    let file: PathBuf = test.ancestors().nth(3).unwrap().join("tollgate/tollgate.wasm");
    let wasm = std::fs::read(&file)
        .unwrap_or_else(|error| panic!("{}: {error}; cargo xtask wasm makes it", file.display()));
    let variables = [("policies", POLICIES), ("api_keys", ""), ("store", "exact-key-value")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let variables = Arc::new(variables.into());
    Edge::new(&wasm, EdgeConfig::default(), store, variables).unwrap()
}

/// How many of `count` requests pass; all others are limited.
async fn admitted(edge: &Edge, policy: &str, count: usize) -> usize {
    let ask = |_| async {
        let body = format!(r#"{{"policy":"{policy}","key":"everyone"}}"#);
        let request = Request::post("/v1/acquire").body(Bytes::from(body)).unwrap();
        let status = edge.handle(request).await.status();
        assert!(status == StatusCode::OK || status == StatusCode::TOO_MANY_REQUESTS, "{status}");
        status == StatusCode::OK
    };
    let answers = stream::iter(0..count).map(ask).buffer_unordered(CLIENTS);
    answers.filter(|passed| std::future::ready(*passed)).count().await
}

#[tokio::test]
async fn the_edge_asks_the_store_seldom_for_a_hot_key() {
    let requests = requests();
    let store = Arc::new(Counted::default());
    let edge = edge(Arc::clone(&store));
    assert_eq!(admitted(&edge, "hot", requests).await, requests);
    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    let (reads, writes) = (count(&store.reads), count(&store.writes));
    let conflicts = count(&store.conflicts);
    println!("{requests} requests, {reads} reads, {writes} writes, {conflicts} conflicts");
    // A slow machine settles more leases before they are spent.
    assert!(writes * 25 <= requests, "{writes} writes for {requests} requests");
    assert!(reads * 12 <= requests, "{reads} reads for {requests} requests");
}

#[tokio::test]
async fn no_more_pass_than_the_limit_allows_and_few_are_denied_early() {
    let edge = edge(Arc::default());
    let admitted = admitted(&edge, "scarce", 8_000).await;
    assert!(admitted <= 5_000, "{admitted}");
    // Some instances ended with leases that they had not spent, and those that live hold some.
    assert!(admitted >= 4_000, "{admitted}");
}
