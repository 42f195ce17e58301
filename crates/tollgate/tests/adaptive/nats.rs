//! The bus over a real NATS server: several connections, and another process.

use std::env;
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use tollgate::async_nats::{self, ConnectOptions};
use tollgate::{
    AdaptiveLimiter, BusError, CapacityBus, NatsBus, ReduceFactor, Reduced, SystemClock,
};
use tollgate_test_servers::NatsServer;

use super::{capacity, policy};

/// Where the process that a test starts finds the server.
const SERVER: &str = "TOLLGATE_TEST_SERVER";
/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

type Member = Arc<AdaptiveLimiter<NatsBus, SystemClock>>;

/// A member that hears what others announce, and who changed its capacity.
async fn member(source: &str, url: &str) -> (Member, mpsc::Receiver<String>) {
    let options = ConnectOptions::new().reconnect_delay_callback(|_| Duration::from_millis(50));
    let client = options.connect(url).await.unwrap();
    let bus = NatsBus::new(client.clone(), "test.capacity").await.unwrap();
    client.flush().await.unwrap();
    let (changed, changes) = mpsc::channel();
    let member = AdaptiveLimiter::new(source, bus, [("chat", policy(100))]).unwrap();
    let member = Arc::new(member.on_change(move |event| {
        changed.send(event.change.note.source().to_owned()).unwrap();
    }));
    let hearing = Arc::clone(&member);
    tokio::spawn(async move { hearing.run().await });
    (member, changes)
}

/// What one reduces is in force in another process, and the other way round.
#[tokio::test(flavor = "multi_thread")]
async fn another_process_is_told() {
    let server = NatsServer::start();
    let (here, changes) = member("parent", &server.url()).await;
    let mut other = Command::new(env::current_exe().unwrap());
    let other = other.args(["--ignored", "--exact", "nats::in_another_process"]);
    let mut other = other.env(SERVER, server.url()).spawn().unwrap();
    assert_eq!(changes.recv_timeout(PATIENCE).unwrap(), "child");
    assert!(capacity(&*here) < 100);
    here.reduce("chat", ReduceFactor::default(), "429").unwrap();
    assert!(other.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "another test starts it in a process of its own"]
async fn in_another_process() {
    let (here, changes) = member("child", &env::var(SERVER).unwrap()).await;
    assert_eq!(here.reduce("chat", ReduceFactor::default(), "429").unwrap(), Reduced::Announced);
    let sources = [(); 2].map(|()| changes.recv_timeout(PATIENCE).unwrap());
    assert_eq!(sources, ["child", "parent"]);
    assert!(capacity(&*here) < 50);
}

/// While the server is gone everybody decides and reduces by itself, and is told so; what was reduced
/// meanwhile reaches the others when it is back, and so does one who joins later.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_keeps_nobody() {
    let mut server = NatsServer::start();
    let ((one, _own), (two, changes)) =
        (member("one", &server.url()).await, member("two", &server.url()).await);
    server.kill();
    let start = Instant::now();
    while one.bus().announce(b"").is_ok() {
        assert!(start.elapsed() < PATIENCE, "it must notice");
        tokio::task::yield_now().await;
    }
    let reduced = one.reduce("chat", ReduceFactor::default(), "429").unwrap();
    assert_eq!(reduced, Reduced::Unannounced(BusError::Down));
    assert_eq!(one.bus_health().error, Some(BusError::Down));
    let chat = one.resource("chat").unwrap();
    assert!(chat.try_acquire(chat.policy().costs([]).unwrap()).unwrap().is_allowed());
    assert_eq!(capacity(&*two), 100, "nobody told it");

    server.restart();
    assert_eq!(changes.recv_timeout(PATIENCE).unwrap(), "one");
    let (_three, changes) = member("three", &server.url()).await;
    assert_eq!(changes.recv_timeout(PATIENCE).unwrap(), "one");
    assert_eq!(one.bus_health().error, None);
}

/// Subjects that can't be sent to are refused.
#[tokio::test]
async fn subjects_are_checked() {
    let server = NatsServer::start();
    let client = async_nats::connect(server.url()).await.unwrap();
    let long = "s".repeat(256);
    for subject in ["", "a..b", "a.*", "a.>", "a b", &long] {
        let error = NatsBus::new(client.clone(), subject).await.unwrap_err().to_string();
        assert_eq!(
            error,
            "subject: must be 1 to 255 bytes of words with dots between them, without * and >"
        );
    }
}
