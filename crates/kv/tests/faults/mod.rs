//! What a server that fails must not do to whoever asks.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use tollgate_kv::{ConnectError, KeyValue, KeyValueError, Swap, connect};

/// Longer than any operation may take with [`SHORT`], on a machine that does other things too.
pub const BOUND: Duration = Duration::from_secs(5);
/// Timeouts of an address, so that a test of silence is short.
pub const SHORT: &str = "connect_timeout_ms=300&response_timeout_ms=200";

/// Does every kind of operation; each has to end in time, with the backend's error.
pub async fn assert_everything_fails(values: &dyn KeyValue) {
    async fn failed<T: std::fmt::Debug>(end: impl Future<Output = Result<T, KeyValueError>>) {
        let start = Instant::now();
        let error = end.await.unwrap_err();
        assert!(start.elapsed() < BOUND, "{:?}", start.elapsed());
        let KeyValueError::Backend(message) = error else { panic!("{error:?}") };
        assert!(message.contains("://127.0.0.1:"), "{message}");
    }
    failed(values.get("k")).await;
    failed(values.set("k", vec![])).await;
    failed(values.delete("k")).await;
    failed(values.list(None)).await;
    failed(values.increment("k", 1)).await;
    failed(values.swap("k", None, vec![])).await;
    failed(values.remove("k", b"")).await;
}

/// Waits until the server can be asked again, which the backend has to find out by itself.
pub async fn recovered(values: &dyn KeyValue) {
    let deadline = Instant::now() + BOUND;
    while let Err(error) = values.get("k").await {
        assert!(Instant::now() < deadline, "{error}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Why a store can't be opened, as an error and in words that hold no password.
pub async fn refusal(address: &str) -> (ConnectError, String) {
    let start = Instant::now();
    let error = connect(address).await.err().expect(address);
    assert!(start.elapsed() < BOUND, "{:?}", start.elapsed());
    let message = error.to_string();
    assert!(!message.contains("hush"), "{message}");
    assert!(!message.contains('\n'), "{message}");
    (error, message)
}

/// Nobody listens there, and that is said.
pub async fn is_unreachable(address: &str) {
    let (error, message) = refusal(address).await;
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{address}: {error:?}");
    assert!(message.contains("start the server"), "{message}");
}

/// Somebody listens at this address, which says [`SHORT`], and never answers.
pub async fn is_unanswered(address: &str) {
    let (error, message) = refusal(address).await;
    assert!(matches!(error, ConnectError::Unanswered { .. }), "{address}: {error:?}");
    assert!(message.contains("no answer within 300ms"), "{message}");
}

/// What one connection wrote is there for the next one, and after a crash of the server for both.
pub async fn values_outlive_a_crash<S>(
    mut server: S,
    address: fn(&S) -> String,
    kill: fn(&mut S),
    restart: fn(&mut S),
) {
    let address = address(&server);
    let first = connect(&address).await.unwrap();
    first.set("k", b"one".to_vec()).await.unwrap();
    drop(first);
    let second = connect(&address).await.unwrap();
    assert_eq!(second.get("k").await, Ok(Some(b"one".to_vec())));
    kill(&mut server);
    assert_everything_fails(&*second).await;
    restart(&mut server);
    recovered(&*second).await;
    assert_eq!(second.get("k").await, Ok(Some(b"one".to_vec())));
    assert_eq!(second.swap("k", Some(b"one"), b"two".to_vec()).await, Ok(Swap::Done));
}

/// A thousand keys are created at the same time.
pub async fn a_thousand_swaps(values: &Arc<dyn KeyValue>) {
    let create = |number| {
        let values = Arc::clone(values);
        tokio::spawn(async move { values.swap(&format!("k{number}"), None, vec![1]).await })
    };
    let waiting: Vec<_> = (0..1_000).map(create).collect();
    for waits in waiting {
        assert_eq!(waits.await.unwrap(), Ok(Swap::Done));
    }
}

/// Two clients count up together, as two processes would: nothing is shared but the server.
pub async fn two_clients_lose_nothing(address: &str) {
    let mut clients = Vec::new();
    for _ in 0..2 {
        let values = connect(address).await.unwrap();
        clients.push(tokio::spawn(async move {
            let mut done = 0_u32;
            while done < 300 {
                let seen = values.get("k").await.unwrap();
                let number =
                    seen.as_deref().map_or(0, |it| u32::from_le_bytes(it.try_into().unwrap()));
                let more = (number + 1).to_le_bytes().to_vec();
                let end = values.swap("k", seen.as_deref(), more).await.unwrap();
                done += u32::from(end == Swap::Done);
            }
            values
        }));
    }
    let mut ended = Vec::new();
    for client in clients {
        ended.push(client.await.unwrap());
    }
    for values in ended {
        assert_eq!(values.get("k").await, Ok(Some(600_u32.to_le_bytes().to_vec())));
    }
}
