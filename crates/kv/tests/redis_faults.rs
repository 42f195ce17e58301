//! What becomes of the values in Redis while it fails, and afterwards.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod faults;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tollgate_core::Span;
use tollgate_kv::{Exchange, Increment, KeyValue, New, Redis, Swap, connect};
use tollgate_test_servers::{RedisCluster, RedisServer};

use crate::faults::{BOUND, SHORT, assert_everything_fails, recovered};

#[tokio::test]
async fn values_outlive_the_connection_and_a_crash_of_the_server() {
    let server = RedisServer::start_with(&["--appendfsync", "always"]);
    faults::values_outlive_a_crash(
        server,
        RedisServer::url,
        RedisServer::kill,
        RedisServer::restart,
    )
    .await;
}

/// The scripts are gone with the data, and are sent again.
#[tokio::test]
async fn a_server_that_lost_its_data_is_an_empty_one() {
    let mut server = RedisServer::start();
    let values = Redis::connect(&server.url()).await.unwrap();
    assert_eq!(values.swap("k", None, b"one".to_vec()).await, Ok(Swap::Done));
    assert_eq!(server.command("FLUSHALL"), "+OK");
    assert_eq!(server.command("SCRIPT FLUSH"), "+OK");
    assert_eq!(values.swap("k", Some(b"one"), b"two".to_vec()).await, Ok(Swap::Conflict));
    assert_eq!(values.swap("k", None, b"two".to_vec()).await, Ok(Swap::Done));
    server.kill();
    server.restart_empty();
    recovered(&values).await;
    assert_eq!(values.get("k").await, Ok(None));
    assert_eq!(values.swap("k", None, b"three".to_vec()).await, Ok(Swap::Done));
}

/// While the server is killed and started again, every increment that was acknowledged stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_while_the_server_crashed_is_there() {
    const CRASHES: u32 = 3;
    let mut server = RedisServer::start_with(&["--appendfsync", "always"]);
    let values = Arc::new(Redis::connect(&server.url()).await.unwrap());
    let mut workers = Vec::new();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    for worker in 0..8 {
        let (values, stopped) = (Arc::clone(&values), stopped.clone());
        workers.push(tokio::spawn(async move {
            let (mut done, mut unknown) = (0, 0);
            while !*stopped.borrow() {
                match values.increment(&format!("k{worker}"), 1).await {
                    Ok(Increment::Sum(_)) => done += 1,
                    Ok(Increment::NotANumber) => panic!("it is a number"),
                    Err(_) => {
                        unknown += 1;
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                }
            }
            (done, unknown)
        }));
    }
    for _ in 0..CRASHES {
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.kill();
        server.restart();
        recovered(&*values).await;
    }
    stop.send(true).unwrap();
    for (worker, work) in workers.into_iter().enumerate() {
        let (done, unknown) = work.await.unwrap();
        assert!(done > 0 && unknown > 0, "{done} were done, {unknown} were not");
        let sum = values.increment(&format!("k{worker}"), 0).await.unwrap();
        let Increment::Sum(sum) = sum else { panic!("it is a number") };
        assert!((done..=done + unknown).contains(&sum), "{done} of {sum}, and {unknown} unknown");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clients_lose_nothing() {
    let server = RedisServer::start();
    faults::two_clients_lose_nothing(&server.url()).await;
}

/// The shortest life there is, then one that outlasts the test, then none that ends.
#[tokio::test]
async fn what_expires_is_gone_by_itself_and_not_before() {
    let server = RedisServer::start();
    let values = Redis::connect(&server.url()).await.unwrap();
    assert!(values.expires());
    let expiring = |value: &[u8], life: Span| New::Expiring(value.to_vec(), life);
    let short = expiring(b"short", Span::from_nanos(1));
    assert_eq!(values.exchange("k", None, short).await, Ok(Swap::Done));
    while values.get("k").await.unwrap().is_some() {
        tokio::task::yield_now().await;
    }
    let long = expiring(b"long", Span::from_nanos(59_000_000_001));
    assert_eq!(values.exchange("k", None, long.clone()).await, Ok(Swap::Done));
    let left: u32 = server.command("PTTL tollgate:k").trim_start_matches(':').parse().unwrap();
    assert!((50_000..=59_001).contains(&left), "{left}");
    let exchange = Exchange { key: "l".to_owned(), expected: None, new: long };
    assert_eq!(values.exchange_all(&[exchange]).await, Ok(Some(Swap::Done)));
    assert!(server.command("PTTL tollgate:l").trim_start_matches(':').len() > 3);
    assert_eq!(values.swap("k", Some(b"long"), b"stays".to_vec()).await, Ok(Swap::Done));
    assert_eq!(server.command("PTTL tollgate:k"), ":-1");
}

#[tokio::test]
async fn stores_with_different_prefixes_share_a_database() {
    let server = RedisServer::start();
    let one = Redis::connect(&format!("{}?prefix=%2A%3A", server.url())).await.unwrap();
    let other = Redis::connect(&format!("{}/0?prefix=x%3A", server.url())).await.unwrap();
    one.set("k", b"one".to_vec()).await.unwrap();
    other.set("k", b"other".to_vec()).await.unwrap();
    other.set("l", b"other".to_vec()).await.unwrap();
    assert_eq!(one.get("k").await, Ok(Some(b"one".to_vec())));
    assert_eq!(one.list(None).await.unwrap().keys, ["k"], "its prefix is no pattern");
    assert_eq!(server.command("EXISTS *:k x:k x:l"), ":3");
}

/// Keys of a cluster are exchanged together where they share a slot.
#[tokio::test]
async fn a_cluster_exchanges_together_what_is_in_one_slot() {
    let node = RedisServer::start_cluster();
    let address = node.url().replace("redis://", "redis-cluster://");
    let exchange = |key: &str| Exchange {
        key: key.to_owned(),
        expected: None,
        new: New::Value(b"new".to_vec()),
    };
    let both = [exchange("a"), exchange("b")];
    let apart = connect(&address).await.unwrap();
    assert_eq!(apart.exchange_all(&both).await, Ok(None));
    assert_eq!(apart.get("a").await, Ok(None));
    let together = connect(&format!("{address}?prefix={{tollgate}}:")).await.unwrap();
    assert_eq!(together.exchange_all(&both).await, Ok(Some(Swap::Done)));
    assert_eq!(together.exchange_all(&both).await, Ok(Some(Swap::Conflict)));
}

/// One of two nodes stands still. The other's keys are asked for meanwhile, and by a program that starts then.
#[tokio::test]
async fn a_silent_node_of_a_cluster_takes_no_other_with_it() {
    let cluster = RedisCluster::start();
    let address = format!("{}?connect_timeout_ms=3000&response_timeout_ms=1000", cluster.url());
    let among: Vec<String> = (0..20).map(|number| format!("tollgate:k{number}")).collect();
    let among: Vec<&str> = among.iter().map(|key| &**key).collect();
    let keys = cluster.keys(&among).map(|key| key.strip_prefix("tollgate:").unwrap());
    let values = Redis::connect(&address).await.unwrap();
    for key in keys {
        assert_eq!(values.swap(key, None, vec![0]).await, Ok(Swap::Done));
    }
    let [there, silent] = keys;
    cluster.nodes()[1].pause();
    for number in 1..4 {
        let before = [number - 1];
        let swap = values.swap(there, Some(&before), vec![number]);
        let (answered, silence) = tokio::join!(swap, values.get(silent));
        assert_eq!(answered, Ok(Swap::Done));
        silence.unwrap_err();
    }
    let started = Redis::connect(&address).await.unwrap();
    assert_eq!(started.get(there).await, Ok(Some(vec![3])));
    cluster.nodes()[1].resume();
    for values in [values, started] {
        let deadline = Instant::now() + BOUND;
        while let Err(error) = values.swap(silent, Some(&[0]), vec![1]).await {
            assert!(Instant::now() < deadline, "{error}");
        }
        assert_eq!(values.get(silent).await, Ok(Some(vec![1])));
    }
}

/// The server stands still, as one does that swaps or is stopped, and goes on.
#[tokio::test]
async fn a_server_that_falls_silent_keeps_nobody_waiting() {
    let server = RedisServer::start();
    let values = Redis::connect(&format!("{}?{SHORT}", server.url())).await.unwrap();
    values.set("k", b"one".to_vec()).await.unwrap();
    server.pause();
    assert_everything_fails(&values).await;
    server.resume();
    recovered(&values).await;
    assert_eq!(values.swap("k", Some(b"one"), b"two".to_vec()).await, Ok(Swap::Done));
}

/// Whoever waits for the same connection waits no longer than one who is alone.
#[tokio::test]
async fn a_hundred_that_wait_for_a_silent_server_wait_no_longer() {
    let server = RedisServer::start();
    let values = Arc::new(Redis::connect(&format!("{}?{SHORT}", server.url())).await.unwrap());
    server.pause();
    let start = Instant::now();
    let waiting: Vec<_> = (0..100)
        .map(|_| {
            let values = Arc::clone(&values);
            tokio::spawn(async move {
                values.get("k").await.unwrap_err();
                values.get("k").await.unwrap_err();
            })
        })
        .collect();
    for waits in waiting {
        waits.await.unwrap();
    }
    assert!(start.elapsed() < BOUND, "{:?}", start.elapsed());
    server.resume();
}

/// More than a host has handles for, or a server places for clients: they share a connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_operations_share_one_connection() {
    let server = RedisServer::start();
    let values = connect(&server.url()).await.unwrap();
    faults::a_thousand_swaps(&values).await;
    let clients = server.command("CLIENT LIST TYPE normal");
    assert!(
        clients.len() < "$1000".len(),
        "one line for the connection, one for the question: {clients}"
    );
}
