//! Pools: whichever member has room.

use std::time::Duration;

use tollgate_client::blocking::Client;
use tollgate_client::{Acquire, AcquireError, ClientError, Member, Settled, Verdict};

use super::support::Service;
use super::{MINUTE, config};

fn start() -> (Service, Client) {
    let service = Service::start();
    let client = Client::new(config(&service));
    (service, client)
}

fn left(client: &Client) -> [u64; 2] {
    ["account-a", "account-b"].map(|key| client.peek("budget", key).unwrap()["units"].remaining)
}

/// What is lost on the way is charged once, on the member that is told.
#[test]
fn a_lost_answer_of_a_pool_is_charged_once() {
    let (service, client) = start();
    let asked = Acquire::from_pool("accounts", 60);
    service.cut(2);
    let answer = client.try_acquire(&asked).unwrap();
    let about = [("region".to_owned(), "eu".to_owned())].into();
    let member = Member { policy: "budget".into(), key: "account-a".into(), about };
    assert_eq!((answer.member, service.asked()), (Some(Box::new(member)), 3));
    assert_eq!(left(&client), [40, 100]);
    assert_eq!(client.try_acquire(&asked).unwrap().member.unwrap().key, "account-b");
    let full = client.try_acquire(&asked).unwrap();
    assert_eq!((full.verdict, full.member), (Verdict::Limited, None));
    assert_eq!(full.limits["units"].remaining, 40);
    let never = client.acquire(&Acquire::from_pool("accounts", 101), MINUTE);
    assert!(matches!(never, Err(AcquireError::Impossible(_))));
}

/// A lease of a pool is on its member, and settled there.
#[test]
fn a_lease_of_a_pool_is_settled_on_its_member() {
    let (service, client) = start();
    service.cut(1);
    let lease = client.hold(&Acquire::from_pool("accounts", 60), MINUTE, Duration::ZERO).unwrap();
    assert_eq!(lease.answer().member.as_ref().unwrap().key, "account-a");
    assert_eq!(left(&client), [40, 100]);
    service.cut(1);
    assert_eq!(lease.settle(5), Ok(Settled::Charged));
    let lease = client.hold(&Acquire::from_pool("accounts", 1), MINUTE, Duration::ZERO).unwrap();
    assert_eq!(lease.answer().member.as_ref().unwrap().key, "account-b");
    assert_eq!(lease.settle_each(&[7.into()]), Ok(Settled::Charged));
    assert_eq!(left(&client), [95, 93]);
}

/// Who waits for a pool has the first slot that is let go of, whichever member's it is.
#[test]
fn a_pool_is_waited_for() {
    let (_service, client) = start();
    let hold = |timeout| client.hold(&Acquire::from_pool("workers", 1), MINUTE, timeout);
    let (one, two) = (hold(Duration::ZERO).unwrap(), hold(Duration::ZERO).unwrap());
    let freed = two.answer().member.clone();
    assert_ne!(one.answer().member, freed);
    assert!(matches!(hold(Duration::ZERO), Err(AcquireError::TimedOut(_))));
    drop(two);
    assert_eq!(hold(MINUTE).unwrap().answer().member, freed);
}

/// The service says what is wrong: a pool is asked by itself, and in no batch.
#[test]
fn a_pool_stands_alone() {
    let (_service, client) = start();
    let field = |refused| match refused {
        Err(ClientError::Refused { field, .. }) => field.unwrap(),
        other => panic!("{other:?}"),
    };
    let pool = Acquire::from_pool("accounts", 1);
    assert_eq!(field(client.try_acquire(&Acquire::from_pool("nothing", 1)).map(drop)), "pool");
    assert_eq!(field(client.try_acquire(&pool.clone().and("budget", "a", 1)).map(drop)), "keys");
    assert_eq!(field(client.try_acquire_batch(&[pool]).map(drop)), "requests[0].policy");
}

/// Tasks ask pools as threads do.
#[tokio::test]
async fn tasks_hold_from_pools() {
    let service = Service::start();
    let client = tollgate_client::Client::new(config(&service)).unwrap();
    let asked = Acquire::from_pool("accounts", 60);
    service.cut(2);
    let lease = client.hold(&asked, MINUTE, MINUTE).await.unwrap();
    assert_eq!(lease.answer().member.as_ref().unwrap().about["region"], "eu");
    assert_eq!(lease.settle(5).await, Ok(Settled::Charged));
    assert_eq!(client.peek("budget", "account-a").await.unwrap()["units"].remaining, 95);
}
