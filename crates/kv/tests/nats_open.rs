//! A NATS server that can't be used is told with what to do about it, and soon.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod faults;

use std::time::Duration;

use async_nats::jetstream::stream;
use tokio::net::TcpListener;
use tollgate_kv::{ConnectError, KeyValue, Nats};
use tollgate_test_servers::{NatsCluster, NatsServer, RedisServer};

use crate::faults::{SHORT, refusal};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_wrong_password_is_told_and_not_shown() {
    let server = NatsServer::start_with(&["--user", "right", "--pass", "a:b@c"]);
    let host = format!("127.0.0.1:{}", server.port());
    for user in ["", "right:hush@", "hush:hush@", "hush@"] {
        let (error, message) = refusal(&format!("nats://{user}{host}")).await;
        assert!(matches!(error, ConnectError::Denied { .. }), "{user} {error:?}");
        assert!(message.contains("check the user and the password"), "{message}");
    }
    let values = Nats::connect(&format!("nats://right:a%3Ab%40c@{host}")).await.unwrap();
    assert_eq!(values.get("k").await, Ok(None));
}

#[tokio::test]
async fn a_token_is_a_user_without_a_password() {
    let server = NatsServer::start_with(&["--auth", "secret"]);
    let host = format!("127.0.0.1:{}", server.port());
    let values = Nats::connect(&format!("nats://secret@{host}")).await.unwrap();
    assert_eq!(values.get("k").await, Ok(None));
}

#[tokio::test]
async fn a_server_that_is_down_is_told() {
    let mut server = NatsServer::start();
    server.kill();
    for scheme in ["nats", "tls"] {
        faults::is_unreachable(&format!("{scheme}://user:hush@127.0.0.1:{}", server.port())).await;
    }
}

/// It accepts and never answers; so does Redis, to whoever waits to be greeted.
#[tokio::test]
async fn a_silent_server_keeps_nobody_waiting() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let redis = RedisServer::start();
    for port in [silent.local_addr().unwrap().port(), redis.port()] {
        let address = format!("nats://user:hush@127.0.0.1:{port}?{SHORT}");
        faults::is_unanswered(&address).await;
    }
}

#[tokio::test]
async fn a_server_without_jetstream_is_told() {
    let server = NatsServer::start_without_jetstream();
    let (error, message) = refusal(&server.url()).await;
    assert!(matches!(error, ConnectError::Unusable { .. }), "{error:?}");
    assert!(message.contains("JetStream"), "{message}");
}

#[tokio::test]
async fn a_bucket_that_is_not_what_was_asked_for_is_told() {
    let server = NatsServer::start();
    drop(Nats::connect(&server.url()).await.unwrap());
    let (_, message) = refusal(&format!("{}?replicas=3", server.url())).await;
    assert!(message.contains("bucket \"tollgate\" has 1 replicas, not 3"), "{message}");
}

/// Others made it: a record that is gone is as good as one that was never charged.
#[tokio::test]
async fn a_bucket_that_loses_values_by_itself_is_refused() {
    let server = NatsServer::start();
    let client = async_nats::connect(server.url()).await.unwrap();
    let context = async_nats::jetstream::new(client);
    let plain = || stream::Config { max_messages_per_subject: 1, ..stream::Config::default() };
    let limited = || stream::Config { max_bytes: 1 << 20, ..plain() };
    for (bucket, config, told) in [
        ("brief", stream::Config { max_age: SECOND, ..plain() }, Some("expire")),
        ("small", limited(), Some("drops its oldest values")),
        ("few", stream::Config { max_messages: 10, ..plain() }, Some("drops its oldest values")),
        ("full", stream::Config { discard: stream::DiscardPolicy::New, ..limited() }, None),
    ] {
        let name = format!("KV_{bucket}");
        let subjects = vec![format!("$KV.{bucket}.>")];
        context.create_stream(stream::Config { name, subjects, ..config }).await.unwrap();
        let address = format!("{}?bucket={bucket}", server.url());
        match told {
            Some(told) => {
                let (_, message) = refusal(&address).await;
                assert!(message.contains(told), "{message}");
            }
            None => drop(Nats::connect(&address).await.unwrap()),
        }
    }
}

/// Debian's servers let two writers over one revision both win where there are replicas.
#[tokio::test]
async fn replicas_of_servers_that_are_not_exact_with_them_are_refused() {
    let server = NatsServer::start();
    let (_, message) = refusal(&format!("{}?bucket=b&replicas=3", server.url())).await;
    let version = "exact from NATS 2.11 on, and this is 2.9";
    assert!(message.contains("3 replicas") && message.contains(version), "{message}");
    assert!(message.contains("update the servers, or take a bucket with one replica"), "{message}");
    let cluster = NatsCluster::start_inexact();
    let one = cluster.url().split(',').next().unwrap().to_owned();
    let client = async_nats::connect(one).await.unwrap();
    let bucket = stream::Config {
        name: "KV_tollgate".to_owned(),
        num_replicas: 3,
        ..stream::Config::default()
    };
    async_nats::jetstream::new(client).create_stream(bucket).await.unwrap();
    let (_, message) = refusal(&cluster.url()).await;
    assert!(message.contains(version), "somebody else made it: {message}");
}

#[tokio::test]
async fn an_address_that_is_none_is_told_by_its_field() {
    for (parameters, field) in [
        ("?bucket=a.b", "bucket is 1 to 64 letters"),
        ("?bucket=", "bucket is 1 to 64 letters"),
        ("?replicas=0", "replicas is a number from 1 to 5"),
        ("?replicas=6", "replicas is a number from 1 to 5"),
        ("?prefix=a", "\"prefix\""),
        ("?response_timeout_ms=0", "response_timeout_ms"),
        ("/x", "path"),
    ] {
        let (error, message) = refusal(&format!("nats://user:hush@127.0.0.1{parameters}")).await;
        assert!(matches!(error, ConnectError::Address { .. }), "{error:?}");
        assert!(message.contains(field), "{parameters}: {message}");
    }
}
