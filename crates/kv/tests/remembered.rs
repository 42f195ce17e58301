//! What a process remembers of records in a server: an admission is one operation, whoever else writes, and exact.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../benches/harness/clock.rs"]
mod clock;

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tollgate_core::{Acquire, Limit, Operation, Policy, Record, Span, Timestamp, Verdict};
use tollgate_kv::{Bounded, KeyValue, KeyValueStore, Nats, Redis, Swap};
use tollgate_store::{Answer, DriveError, ManualClock, Metered, StoreTally, at_once, drive};
use tollgate_test_servers::{NatsServer, RedisServer};

use crate::clock::SystemClock;

/// A budget that is spent once, so that it does not matter how long a test takes. Below 128: so often a task of tokio's
/// may go on before others run, and requests at the same moment are asked for in one go.
const CAPACITY: u64 = 100;

/// One process of those that share a server.
#[derive(Clone)]
struct Process {
    store: Arc<Metered<KeyValueStore, ManualClock>>,
    tally: Arc<StoreTally>,
    policy: Arc<Policy>,
}

impl Process {
    fn over(values: impl KeyValue) -> Self {
        let tally = Arc::new(StoreTally::default());
        let store = Metered::untimed(KeyValueStore::new(Arc::new(values)), Arc::clone(&tally));
        let limit = Limit::token_bucket("requests", CAPACITY, 0, Span::from_secs(1)).unwrap();
        let policy = Arc::new(Policy::new([limit]).unwrap());
        Self { store: Arc::new(store), tally, policy }
    }

    /// Whether one more is let in.
    async fn acquire(&self, key: &str) -> Result<bool, DriveError<()>> {
        let acquire = Operation::from(Acquire::new(self.policy.costs([]).unwrap()));
        let ask = |record: Option<&[u8]>, now: Timestamp| {
            let fresh = || Record::new(&self.policy);
            let mut record =
                record.map_or_else(fresh, |bytes| Record::decode(&self.policy, bytes).unwrap());
            let applied = self.policy.apply(&mut record, &acquire, now);
            let outcome = applied.verdict() == Verdict::Allowed;
            let record = applied.changed().then(|| record.encode(&self.policy));
            Ok(Answer { outcome, record, forget_after: Span::NEVER })
        };
        drive(&*self.store, &SystemClock, key, ask).await
    }

    /// Loads and swaps so far, of one key and of several, those that lost included.
    fn operations(&self) -> (u64, u64) {
        let [loads, swaps, several, _] = self.tally.operations();
        let all = |it: &tollgate_store::OperationCounts| it.done + it.conflicts + it.failures;
        (all(&loads), all(&swaps) + all(&several))
    }
}

/// A server may take its time: other tests keep the disk busy, and what is promised is about values.
const PATIENCE: Duration = Duration::from_secs(20);

fn patient(url: &str) -> String {
    format!("{url}?response_timeout_ms={}", PATIENCE.as_millis())
}

async fn over_redis(server: &RedisServer) -> Process {
    let values = Redis::connect(&patient(&server.url())).await.unwrap();
    Process::over(Bounded::new(values, PATIENCE))
}

async fn over_nats(server: &NatsServer) -> Process {
    Process::over(Nats::connect(&patient(&server.url())).await.unwrap())
}

/// Admissions need no load after the first one, and denials nothing else.
async fn is_asked_once_per_decision(process: &Process) {
    for _ in 0..CAPACITY {
        assert_eq!(process.acquire("k").await, Ok(true));
    }
    assert_eq!(process.operations(), (1, CAPACITY));
    for _ in 0..10 {
        assert_eq!(process.acquire("k").await, Ok(false));
    }
    assert_eq!(process.operations(), (11, CAPACITY));
}

#[tokio::test]
async fn redis_is_asked_once_per_decision() {
    let server = RedisServer::start();
    is_asked_once_per_decision(&over_redis(&server).await).await;
}

/// Nobody waits for another, and nobody is in another's way.
#[tokio::test]
async fn requests_at_the_same_moment_build_on_each_other_in_redis() {
    let server = RedisServer::start();
    let process = over_redis(&server).await;
    assert_eq!(process.acquire("k").await, Ok(true));
    let together = join_all((1..CAPACITY).map(|_| process.acquire("k"))).await;
    assert!(together.iter().all(|end| *end == Ok(true)), "{together:?}");
    assert_eq!(process.operations(), (1, CAPACITY), "one load at first, and no conflict");
    assert_eq!(process.acquire("k").await, Ok(false));
}

/// What a program builds on may never come to be: then all of it is decided anew.
#[tokio::test]
async fn requests_that_build_on_a_lost_swap_lose_with_it_and_are_exact() {
    let server = RedisServer::start();
    let (one, two) = (over_redis(&server).await, over_redis(&server).await);
    assert_eq!(one.acquire("k").await, Ok(true));
    assert_eq!(two.acquire("k").await, Ok(true));
    let together = join_all((0..CAPACITY).map(|_| one.acquire("k"))).await;
    let admitted = together.iter().filter(|end| **end == Ok(true)).count() as u64;
    assert_eq!(admitted, CAPACITY - 2, "{together:?}");
    assert_eq!(two.acquire("k").await, Ok(false));
}

#[tokio::test]
async fn nats_is_asked_once_per_decision() {
    let server = NatsServer::start();
    is_asked_once_per_decision(&over_nats(&server).await).await;
}

/// Each is let in as often as there is room, and asks no more often than who remembers nothing.
async fn take_turns(processes: [&Process; 2]) {
    for turn in 0..2 * CAPACITY {
        let process = processes[usize::from(turn % 2 == 1)];
        assert_eq!(process.acquire("k").await, Ok(turn < CAPACITY), "{turn}");
    }
}

#[tokio::test]
async fn two_programs_that_take_turns_in_redis_are_exact_and_need_no_load() {
    let server = RedisServer::start();
    let (one, two) = (over_redis(&server).await, over_redis(&server).await);
    take_turns([&one, &two]).await;
    for process in [one, two] {
        let (loads, swaps) = process.operations();
        assert!(loads <= 1 + CAPACITY / 2, "of denials, and of the first decision: {loads}");
        assert!(swaps <= CAPACITY, "one that loses, one that does not: {swaps}");
    }
}

#[tokio::test]
async fn two_programs_that_take_turns_in_nats_are_exact() {
    let server = NatsServer::start();
    let (one, two) = (over_nats(&server).await, over_nats(&server).await);
    take_turns([&one, &two]).await;
}

/// Many at once, on connections of their own: as many are let in as there is room for, and nobody waits for ever.
async fn race(processes: Vec<Process>) {
    let askers = processes.into_iter().cycle().take(16).map(|process| {
        tokio::spawn(async move {
            let (mut admitted, mut denied) = (0, 0);
            while denied < 3 {
                match process.acquire("k").await {
                    Ok(true) => admitted += 1,
                    Ok(false) => denied += 1,
                    Err(DriveError::Busy | DriveError::TimedOut) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
            admitted
        })
    });
    let admitted: u64 = join_all(askers).await.into_iter().map(Result::unwrap).sum();
    assert_eq!(admitted, CAPACITY);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn programs_that_race_in_redis_admit_what_there_is() {
    let server = RedisServer::start();
    race(vec![over_redis(&server).await, over_redis(&server).await]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn programs_that_race_in_nats_admit_what_there_is() {
    let server = NatsServer::start();
    race(vec![over_nats(&server).await, over_nats(&server).await]).await;
}

#[tokio::test]
async fn a_record_that_redis_lost_is_made_anew_by_the_second_swap() {
    let server = RedisServer::start();
    let process = over_redis(&server).await;
    assert_eq!(process.acquire("k").await, Ok(true));
    assert_eq!(server.command("FLUSHALL"), "+OK");
    assert_eq!(process.acquire("k").await, Ok(true));
    assert_eq!(process.operations(), (1, 3), "the first one answered that there is none");
}

#[tokio::test]
async fn several_keys_in_redis_are_taken_by_one_operation() {
    const KEYS: [&str; 3] = ["org", "team", "user"];
    let server = RedisServer::start();
    let (one, two) = (over_redis(&server).await, over_redis(&server).await);
    let policies: &[&Policy] = &[&*one.policy; 3];
    let operations = KEYS.map(|_| Acquire::new(one.policy.costs([]).unwrap()).into());
    let take = async |process: &Process| {
        let taken = at_once(&*process.store, &SystemClock, &KEYS, &policies, &operations, None);
        taken.await.unwrap().unwrap().outcome.is_allowed()
    };
    for _ in 0..3 {
        assert!(take(&one).await);
    }
    assert_eq!(one.operations(), (3, 3), "only the first time they were loaded");
    assert!(take(&two).await);
    assert!(take(&one).await);
    assert_eq!(one.operations(), (3, 5), "a swap that lost answered what there is");
}

/// A server that lost its bucket counts from 1 again: what another program writes first has the revision that this
/// one remembers of what was written first before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_remembered_of_a_lost_bucket_is_not_written_over_another_value() {
    let mut server = NatsServer::start();
    let ours = Nats::connect(&server.url()).await.unwrap();
    assert_eq!(ours.swap("k", None, b"one".to_vec()).await, Ok(Swap::Done));
    server.kill();
    server.restart_empty();
    let theirs = Nats::connect(&server.url()).await.unwrap();
    assert_eq!(theirs.swap("k", None, b"two".to_vec()).await, Ok(Swap::Done));
    let swapped = loop {
        // It has to find out that there is a server again.
        match ours.swap("k", Some(b"one"), b"three".to_vec()).await {
            Ok(swapped) => break swapped,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    assert_eq!(swapped, Swap::Conflict);
    assert_eq!(theirs.get("k").await, Ok(Some(b"two".to_vec())));
}
