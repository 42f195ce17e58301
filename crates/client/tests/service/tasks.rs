//! Tasks on tokio. What does not depend on the transport is tested on threads.

use std::time::{Duration, Instant};

use tollgate_client::{
    Acquire, AcquireError, AdaptiveLimit, Client, ClientError, Config, Settled, Verdict,
};

use super::support::Service;
use super::{MINUTE, config};

fn start() -> (Service, Client) {
    let service = Service::start();
    let client = Client::new(config(&service)).unwrap();
    (service, client)
}

async fn left(client: &Client, policy: &str, key: &str, limit: &str) -> u64 {
    client.peek(policy, key).await.unwrap()[limit].remaining
}

/// Charges, holds and settlements whose answers are lost are done once.
#[tokio::test]
async fn lost_answers_are_charged_once() {
    let (service, client) = start();
    let asked = Acquire::new("budget", "alice", 10);
    service.cut(2);
    assert_eq!(client.try_acquire(&asked).await.unwrap().verdict, Verdict::Allowed);
    service.cut(2);
    let lease = client.hold(&asked, MINUTE, MINUTE).await.unwrap();
    assert_eq!(left(&client, "budget", "alice", "units").await, 80);
    service.cut(2);
    assert_eq!(lease.settle(3).await, Ok(Settled::Charged));
    assert_eq!(left(&client, "budget", "alice", "units").await, 87);
    service.cut(1);
    let calls = AdaptiveLimit::new("upstream", "openai");
    let error = client.reduce_capacity(&calls, None).await.unwrap_err();
    assert!(matches!(error, ClientError::Unavailable { is_unclear: true, .. }), "{error}");
}

/// Tasks that ask for the same at the same time get it one after the other.
#[tokio::test]
async fn tasks_wait_for_each_other() {
    let (_service, client) = start();
    let before = Instant::now();
    let tasks = [client.clone(), client.clone(), client].map(|client| {
        let asked = Acquire::new("quick", "alice", 1);
        tokio::spawn(async move { client.acquire(&asked, MINUTE).await })
    });
    for task in tasks {
        assert!(task.await.unwrap().unwrap().is_allowed());
    }
    assert!(before.elapsed() >= Duration::from_millis(550), "{:?}", before.elapsed());
}

/// Who asks for more than there ever is does not wait.
#[tokio::test]
async fn what_never_passes_is_told() {
    let (_service, client) = start();
    let too_much = client.acquire(&Acquire::new("budget", "alice", 101), MINUTE).await;
    assert!(matches!(too_much, Err(AcquireError::Impossible(_))));
}

/// A task settles a lease that was dropped, and who waits for the slot has it soon.
#[tokio::test]
async fn a_dropped_lease_is_settled_by_a_task() {
    let (_service, client) = start();
    let slot = Acquire::new("slots", "ci", 1);
    let lease = client.hold(&slot, MINUTE, Duration::ZERO).await.unwrap();
    let full = client.hold(&slot, MINUTE, Duration::ZERO).await;
    assert!(matches!(full, Err(AcquireError::TimedOut(_))));
    drop(lease);
    let lease = client.hold(&slot, MINUTE, Duration::from_secs(10)).await.unwrap();
    assert_eq!(lease.renew(MINUTE).await, Ok(true));
    assert_eq!(lease.release().await, Ok(true));
}

/// Dropped where no runtime is, a lease is left to expire, and nothing panics.
#[test]
fn a_lease_that_is_dropped_outside_of_a_runtime_expires() {
    let (_service, client) = start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let slot = Acquire::new("slots", "ci", 1);
    let ttl = Duration::from_millis(300);
    let lease = runtime.block_on(client.hold(&slot, ttl, Duration::ZERO)).unwrap();
    drop(lease);
    let lease = runtime.block_on(client.hold(&slot, MINUTE, MINUTE)).unwrap();
    assert_eq!(runtime.block_on(lease.release()), Ok(true));
}

/// Nobody listens, or nobody answers: errors say what is clear.
#[tokio::test]
async fn a_service_that_is_not_there() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let config = Config::new(&url).unwrap().with_attempts_max(2);
    let asked = Acquire::new("budget", "alice", 1);
    let silent =
        Client::new(config.clone().with_answer_timeout(Duration::from_millis(50))).unwrap();
    let error = silent.try_acquire(&asked).await.unwrap_err();
    assert!(matches!(error, ClientError::Unavailable { is_unclear: true, .. }), "{error}");
    drop(listener);
    let error = Client::new(config).unwrap().try_acquire(&asked).await.unwrap_err();
    assert!(matches!(error, ClientError::Unavailable { is_unclear: false, .. }), "{error}");
}
