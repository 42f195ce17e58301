//! What becomes of the values in NATS while it fails, and afterwards.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod faults;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tollgate_kv::{Increment, KeyValue, KeyValueError, Nats, Swap, VALUE_BYTES_MAX, connect};
use tollgate_test_servers::NatsServer;

use crate::faults::{BOUND, SHORT, assert_everything_fails, recovered};

#[tokio::test]
async fn values_outlive_the_connection_and_a_crash_of_the_server() {
    let server = NatsServer::start();
    faults::values_outlive_a_crash(server, NatsServer::url, NatsServer::kill, NatsServer::restart)
        .await;
}

/// The bucket is gone with the data, and is made again.
#[tokio::test]
async fn a_server_that_lost_its_data_is_an_empty_one() {
    let mut server = NatsServer::start();
    let values = Nats::connect(&server.url()).await.unwrap();
    assert_eq!(values.swap("k", None, b"one".to_vec()).await, Ok(Swap::Done));
    server.kill();
    server.restart_empty();
    recovered(&values).await;
    assert_eq!(values.get("k").await, Ok(None));
    assert_eq!(values.swap("k", None, b"two".to_vec()).await, Ok(Swap::Done));
}

/// While the server is killed and started again, every increment that was acknowledged stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_while_the_server_crashed_is_there() {
    const CRASHES: u32 = 3;
    let mut server = NatsServer::start();
    let values = Arc::new(Nats::connect(&server.url()).await.unwrap());
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let (asking, mut done, mut unknown) = (Arc::clone(&values), 0, 0);
    let work = tokio::spawn(async move {
        while !*stopped.borrow() {
            match asking.increment("k", 1).await {
                Ok(Increment::Sum(_)) => done += 1,
                Ok(Increment::NotANumber) => panic!("it is a number"),
                Err(_) => {
                    unknown += 1;
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            }
        }
        (done, unknown)
    });
    for _ in 0..CRASHES {
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.kill();
        tokio::time::sleep(Duration::from_millis(20)).await;
        server.restart();
        recovered(&*values).await;
    }
    stop.send(true).unwrap();
    let (done, unknown) = work.await.unwrap();
    assert!(done > 0 && unknown > 0, "{done} were done, {unknown} were not");
    let Increment::Sum(sum) = values.increment("k", 0).await.unwrap() else {
        panic!("it is a number");
    };
    assert!((done..=done + unknown).contains(&sum), "{done} of {sum}, and {unknown} unknown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clients_lose_nothing() {
    let server = NatsServer::start();
    faults::two_clients_lose_nothing(&server.url()).await;
}

/// Nothing is left of a removed key, not even that there was one; and a bucket has another's keys not.
#[tokio::test]
async fn a_removed_key_leaves_nothing() {
    let server = NatsServer::start();
    let values = Nats::connect(&server.url()).await.unwrap();
    let other = Nats::connect(&format!("{}?bucket=other", server.url())).await.unwrap();
    for number in 0..100 {
        let key = format!("k{number}");
        assert_eq!(values.swap(&key, None, b"one".to_vec()).await, Ok(Swap::Done));
        assert_eq!(other.get(&key).await, Ok(None));
        assert_eq!(values.remove(&key, b"one").await, Ok(Swap::Done));
    }
    let client = async_nats::connect(server.url()).await.unwrap();
    let stream = async_nats::jetstream::new(client).get_stream("KV_tollgate").await.unwrap();
    assert_eq!(stream.cached_info().state.messages, 0);
}

/// The server stands still, as one does that swaps or is stopped, and goes on.
#[tokio::test]
async fn a_server_that_falls_silent_keeps_nobody_waiting() {
    let server = NatsServer::start();
    let values = Nats::connect(&format!("{}?{SHORT}", server.url())).await.unwrap();
    values.set("k", b"one".to_vec()).await.unwrap();
    server.pause();
    let start = Instant::now();
    let unknown = values.swap("k", Some(b"one"), b"two".to_vec()).await;
    assert!(matches!(unknown, Err(KeyValueError::Backend(_))), "{unknown:?}");
    assert!(start.elapsed() < BOUND, "{:?}", start.elapsed());
    assert_everything_fails(&values).await;
    server.resume();
    recovered(&values).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_operations_share_one_connection() {
    let server = NatsServer::start();
    let address = format!("{}?response_timeout_ms=10000", server.url());
    let values = connect(&address).await.unwrap();
    faults::a_thousand_swaps(&values).await;
}

/// The server has room for the longest value and its header, or says that it has not.
#[tokio::test]
async fn a_value_that_the_server_has_no_room_for_is_refused() {
    let server = NatsServer::start();
    let values = Nats::connect(&server.url()).await.unwrap();
    assert_eq!(values.swap("k", None, vec![7; VALUE_BYTES_MAX]).await, Ok(Swap::Done));
    let small = NatsServer::start_with_payload(1_000);
    let values = Nats::connect(&small.url()).await.unwrap();
    assert_eq!(values.swap("k", None, vec![7; 500]).await, Ok(Swap::Done));
    let refused = values.swap("l", None, vec![7; 1_000]).await;
    let Err(KeyValueError::Backend(message)) = refused else { panic!("{refused:?}") };
    assert!(message.contains("max payload"), "{message}");
    assert_eq!(values.get("l").await, Ok(None));
}
