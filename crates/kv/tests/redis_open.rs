//! A Redis server that can't be used is told with what to do about it, and soon.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod faults;

use std::io::Write as _;

use tokio::net::TcpListener;
use tollgate_kv::{ConnectError, KeyValue, Redis};
use tollgate_test_servers::RedisServer;

use crate::faults::{SHORT, refusal};

#[tokio::test]
async fn a_wrong_password_is_told_and_not_shown() {
    let server = RedisServer::start_with(&["--requirepass", "right"]);
    let host = format!("127.0.0.1:{}", server.port());
    for user in ["", ":hush@", "hush:hush@", "hush@"] {
        let (error, message) = refusal(&format!("redis://{user}{host}")).await;
        assert!(matches!(error, ConnectError::Denied { .. }), "{user} {error:?}");
        assert!(message.contains("check the user and the password"), "{message}");
    }
    let values = Redis::connect(&format!("redis://:right@{host}")).await.unwrap();
    assert_eq!(values.get("k").await, Ok(None));
}

#[tokio::test]
async fn a_server_that_is_down_is_told() {
    let mut server = RedisServer::start();
    server.kill();
    for scheme in ["redis", "rediss", "redis-cluster"] {
        faults::is_unreachable(&format!("{scheme}://user:hush@127.0.0.1:{}", server.port())).await;
    }
}

/// It accepts and never answers, at first and later.
#[tokio::test]
async fn a_silent_server_keeps_nobody_waiting() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = |scheme| format!("{scheme}://:hush@{}?{SHORT}", silent.local_addr().unwrap());
    for scheme in ["redis", "rediss"] {
        faults::is_unanswered(&address(scheme)).await;
    }
    // Of a cluster it is told for its nodes, which have less time each.
    let (error, message) = refusal(&address("redis-cluster")).await;
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error:?}");
    assert!(message.contains("timed out"), "{message}");
}

#[tokio::test]
async fn what_does_not_speak_redis_is_told() {
    let cluster = RedisServer::start_cluster();
    let (_, message) = refusal(&cluster.url()).await;
    assert!(message.contains("redis-cluster://"), "{message}");
    let server = RedisServer::start();
    let (error, _) = refusal(&format!("{}/99999", server.url())).await;
    assert!(matches!(error, ConnectError::Unusable { .. }), "it has no such database: {error:?}");
    let (error, _) = refusal(&server.url().replace("redis://", "rediss://")).await;
    assert!(!matches!(error, ConnectError::Denied { .. }), "{error:?}");
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("redis://{}", other.local_addr().unwrap());
    let greeting = std::thread::spawn(move || {
        let (mut stream, _) = other.accept().unwrap();
        stream.write_all(b"INFO {\"server_id\":\"x\"}\r\n").unwrap();
        stream
    });
    let (_, message) = refusal(&address).await;
    assert!(message.contains("does not speak Redis's protocol"), "{message}");
    greeting.join().unwrap();
}

#[tokio::test]
async fn an_address_that_is_none_is_told_by_its_field() {
    for (address, field) in [
        ("http://user:hush@127.0.0.1", "http://"),
        ("redis://:hush@127.0.0.1/x", "database"),
        ("redis://:hush@127.0.0.1?prefx=a", "prefx"),
        ("redis://:hush@127.0.0.1?connect_timeout_ms=0", "connect_timeout_ms"),
        ("redis://:hush@127.0.0.1#insecure", "#fragment"),
    ] {
        let (_, message) = refusal(address).await;
        assert!(message.contains(field), "{address}: {message}");
    }
    let long = "p".repeat(65);
    let (_, message) = refusal(&format!("redis://127.0.0.1?prefix={long}")).await;
    assert!(message.contains("prefix has at most 64 bytes, this one has 65"), "{message}");
}
