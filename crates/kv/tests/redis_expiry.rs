//! Which records Redis forgets by itself, and when.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use tollgate_core::{Acquisition, Costs, Id, LeaseUpdate, Limit, Operation, Policy, Span};
use tollgate_kv::{KeyValueStore, Redis};
use tollgate_store::{ManualClock, Store, at_once, run};
use tollgate_test_servers::RedisServer;

const KEYS: [&str; 3] = ["r/p/org", "r/p/team", "r/p/user"];
/// How long after a record is idle it is kept, for clocks that are behind.
const GRACE_MS: i64 = 60_000;
/// Longest time between writing a key and asking how long it has to live.
const LATE_MS: i64 = 20_000;

fn policy(refill: u64) -> Policy {
    let limit = Limit::token_bucket("requests", 10, refill, Span::from_secs(100)).unwrap();
    Policy::new([limit]).unwrap()
}

fn assert_lives(server: &RedisServer, live_ms: i64) {
    for key in KEYS {
        let left = server.command(&format!("PTTL tollgate:{key}"));
        let left_ms: i64 = left.trim_start_matches(':').parse().unwrap();
        assert!((live_ms - LATE_MS..=live_ms).contains(&left_ms), "{key}: {left_ms} ms");
    }
}

async fn open(server: &RedisServer) -> KeyValueStore {
    KeyValueStore::new(Arc::new(Redis::connect(&server.url()).await.unwrap()))
}

async fn take(store: &KeyValueStore, policies: &[&Policy], costs: Costs, lease: Option<Span>) {
    let legs = KEYS.map(|key| (key, costs));
    let machine = Acquisition::new(policies, Id::from_u128(7), &legs).unwrap();
    let mut machine = match lease {
        Some(ttl) => machine.with_lease(ttl).unwrap(),
        None => machine,
    };
    let taken = run(store, &ManualClock::default(), &KEYS, &mut machine).await;
    assert!(taken.unwrap().outcome.is_allowed());
}

/// Five units come back within 50 s.
#[tokio::test]
async fn several_keys_live_until_they_are_whole_again() {
    let (server, policy) = (RedisServer::start(), policy(10));
    let (store, policies) = (open(&server).await, [&policy; 3]);
    let costs = policy.costs([("requests", 5)]).unwrap();
    take(&store, &policies, costs, None).await;
    assert_lives(&server, 50_000 + GRACE_MS);

    assert_eq!(server.command("FLUSHALL"), "+OK");
    let operations = KEYS.map(|_| Operation::from(costs));
    let clock = ManualClock::default();
    let taken = at_once(&store, &clock, &KEYS, &&policies[..], &operations, None).await;
    assert!(taken.unwrap().unwrap().outcome.is_allowed());
    assert_lives(&server, 50_000 + GRACE_MS);
}

/// What is held for longer is kept for longer, and what is released lives no longer than what is idle.
#[tokio::test]
async fn several_keys_outlive_what_is_held_of_them() {
    let (server, policy) = (RedisServer::start(), policy(10));
    let (store, policies) = (open(&server).await, [&policy; 3]);
    let costs = policy.costs([("requests", 5)]).unwrap();
    take(&store, &policies, costs, Some(Span::from_secs(600))).await;
    assert_lives(&server, 600_000 + 50_000 + GRACE_MS);
    let mut release = LeaseUpdate::release(&policies[..], Id::from_u128(7), &KEYS).unwrap();
    let released = run(&store, &ManualClock::default(), &KEYS, &mut release).await;
    assert!(released.unwrap().outcome.is_allowed());
    assert_lives(&server, GRACE_MS);
}

#[tokio::test]
async fn a_budget_on_several_keys_stays() {
    let (server, policy) = (RedisServer::start(), policy(0));
    let (store, policies) = (open(&server).await, [&policy; 3]);
    take(&store, &policies, policy.costs([("requests", 5)]).unwrap(), None).await;
    assert!(store.load(KEYS[0]).await.unwrap().record.is_some());
    for key in KEYS {
        assert_eq!(server.command(&format!("PTTL tollgate:{key}")), ":-1", "{key}");
    }
}
