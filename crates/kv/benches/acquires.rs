//! Acquires per second of every backend and how long one takes, on one key, on some and on many. Prints a
//! table.
//!
//! Rounds alternate between the cases, since the machine does other things too.
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

#[path = "harness/counted.rs"]
mod counted;
mod harness;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tollgate_kv::{Durability, KeyValue, Memory, Nats, Redb, Redis};
use tollgate_store::{Clock as _, DriveError, drive};
use tollgate_test_servers::{NatsServer, RedisServer};

use crate::counted::Counted;
use crate::harness::{SystemClock, ask, policy};

/// Tasks that ask at the same time, on two threads.
const TASKS: usize = 64;
/// Keys that are asked for, each as often as any other.
const KEYS: [usize; 3] = [1, 64, 100_000];
/// How long one case runs in one round.
const RUN: Duration = Duration::from_secs(1);
const ROUNDS: usize = 5;
/// The backends that remember what they were told.
const REDIS: &str = "Redis, in memory";
const NATS: &str = "NATS JetStream, in files";

/// A backend, and so many keys of it.
struct Case {
    name: &'static str,
    store: Arc<Counted>,
    keys: Arc<[String]>,
    rounds: Vec<Round>,
}

/// What one round came to.
#[derive(Clone, Copy)]
struct Round {
    per_second: f64,
    p50_us: f64,
    p99_us: f64,
    /// Of all that were asked, those that were told that the key is busy.
    busy_percent: f64,
    /// How many were decided.
    decided: f64,
}

/// Asks until the time is over. How long each acquire took, and how many were told that the key is busy.
async fn client(store: Arc<Counted>, keys: Arc<[String]>, start: Instant) -> (Vec<Duration>, u64) {
    let (policy, lots) = (policy(), RandomState::new());
    let costs = policy.costs([]).unwrap();
    let (mut waits, mut busy) = (Vec::new(), 0);
    for number in 0_u64.. {
        let began = Instant::now();
        if began - start > RUN {
            break;
        }
        let key = &keys[lots.hash_one(number) as usize % keys.len()];
        let ask = |record: Option<&[u8]>, now| Ok::<_, ()>(ask(&policy, record, &costs, now));
        match drive(&*store, &SystemClock, key, ask).await {
            Ok(()) => waits.push(began.elapsed()),
            Err(DriveError::Busy) => busy += 1,
            Err(error) => panic!("{error:?}"),
        }
        tokio::task::yield_now().await;
    }
    (waits, busy)
}

fn round(runtime: &Runtime, case: &Case) -> Round {
    let start = Instant::now();
    let client = |_| runtime.spawn(client(Arc::clone(&case.store), Arc::clone(&case.keys), start));
    let clients: Vec<_> = (0..TASKS).map(client).collect();
    let told = runtime.block_on(join_all(clients));
    let seconds = start.elapsed().as_secs_f64();
    let (waits, busy): (Vec<_>, Vec<u64>) = told.into_iter().map(Result::unwrap).unzip();
    let mut waits = waits.concat();
    waits.sort_unstable();
    let at = |percent: usize| waits[(waits.len() - 1) * percent / 100].as_secs_f64() * 1e6;
    let (decided, busy) = (waits.len() as f64, busy.iter().sum::<u64>() as f64);
    Round {
        per_second: decided / seconds,
        p50_us: at(50),
        p99_us: at(99),
        busy_percent: 100.0 * busy / (decided + busy),
        decided,
    }
}

/// Every key has a record before anything is measured.
async fn fill(values: &dyn KeyValue, keys: &[String]) {
    let (policy, most) = (policy(), keys.len().div_ceil(TASKS));
    let record = ask(&policy, None, &policy.costs([]).unwrap(), SystemClock.now()).record.unwrap();
    let part = async |keys: &[String]| {
        for key in keys {
            values.set(key, record.clone()).await.unwrap();
        }
    };
    join_all(keys.chunks(most).map(part)).await;
    values.flush().await.unwrap();
}

async fn backends(
    directory: &TempDir,
    (redis, nats): &(RedisServer, NatsServer),
) -> [(&'static str, Arc<dyn KeyValue>); 5] {
    let redb = |durability: Durability| {
        Arc::new(Redb::open(directory.path().join(durability.as_str()), durability).unwrap())
    };
    [
        ("memory", Arc::new(Memory::default())),
        ("redb grouped", redb(Durability::Grouped)),
        ("redb immediate", redb(Durability::Immediate)),
        (REDIS, Arc::new(Redis::connect(&redis.url()).await.unwrap())),
        (NATS, Arc::new(Nats::connect(&nats.url()).await.unwrap())),
    ]
}

fn median(case: &Case, of: impl Fn(&Round) -> f64) -> f64 {
    let mut all: Vec<f64> = case.rounds.iter().map(of).collect();
    all.sort_unstable_by(f64::total_cmp);
    all[all.len() / 2]
}

/// Of the first case with as many keys, memory, too.
fn print(cases: &[Case]) {
    println!("| keys | backend | acquires/s | of memory | operations | p50 µs | p99 µs | busy % |");
    println!("|--:|---|--:|--:|--:|--:|--:|--:|");
    for case in cases {
        let keys = case.keys.len();
        let memory = cases.iter().find(|other| other.keys.len() == keys).unwrap();
        let rate = median(case, |round| round.per_second);
        let share = rate / median(memory, |round| round.per_second);
        let [p50, p99] = [median(case, |it| it.p50_us), median(case, |it| it.p99_us)];
        let (name, busy) = (case.name, median(case, |round| round.busy_percent));
        let decided: f64 = case.rounds.iter().map(|round| round.decided).sum();
        let each = case.store.operations() / decided;
        println!(
            "| {keys} | {name} | {rate:.0} | {share:.3} | {each:.2} | {p50:.0} | {p99:.0} | {busy:.1} |"
        );
    }
}

fn main() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let in_memory = ["--appendonly", "no"];
    let servers = (RedisServer::start_with(&in_memory), NatsServer::start());
    let backends = runtime.block_on(backends(&directory, &servers));
    let mut cases = Vec::new();
    for count in KEYS {
        let keys: Arc<[String]> =
            (0..count).map(|number| format!("r/llm/{count}-{number}")).collect();
        for (name, values) in &backends {
            runtime.block_on(fill(&**values, &keys));
            let mut case = |name, remembers| {
                let store = Arc::new(Counted::new(values, remembers));
                cases.push(Case { name, store, keys: Arc::clone(&keys), rounds: Vec::new() });
            };
            case(*name, true);
            if [REDIS, NATS].contains(name) {
                case("the same, loading each time", false);
            }
        }
    }
    for _ in 0..ROUNDS {
        for case in &mut cases {
            let round = round(&runtime, case);
            case.rounds.push(round);
        }
    }
    print(&cases);
}
