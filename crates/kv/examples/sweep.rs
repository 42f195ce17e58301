//! How long a million idle keys take to disappear, and what traffic notices of it: the figures of
//! docs/benchmarks.md.
//!
//!     cargo run --release --package tollgate-kv --example sweep
#![allow(clippy::unwrap_used, reason = "a measurement may panic")]

#[path = "../benches/harness/clock.rs"]
mod clock;

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tollgate_core::{Span, Timestamp};
use tollgate_kv::{Durability, KeyValue, KeyValueStore, Redb, Swap};
use tollgate_store::{Judgement, Round, Store, sweep};

use crate::clock::SystemClock;

const IDLE_KEYS: u64 = 1_000_000;
/// Keys that traffic uses in turn.
const KEYS: usize = 64;
/// How long traffic is watched without a sweeper.
const QUIET: Duration = Duration::from_secs(5);
/// Between two requests: traffic that leaves room, whose waits tell what is in its way.
const BETWEEN: Duration = Duration::from_micros(200);
/// As long as a record of one meter limit.
const IDLE: [u8; 23] = [1; 23];

fn judge(_: &str, record: &[u8], _: Timestamp) -> Judgement {
    let idle = record == IDLE;
    Judgement::ForgetAfter(if idle { Span::ZERO } else { Span::NEVER })
}

/// One round of the sweeper.
async fn one_round(store: &KeyValueStore) -> Round {
    let (sender, mut rounds) = tokio::sync::mpsc::unbounded_channel();
    let report = move |round: Result<Round, _>| sender.send(round.unwrap()).unwrap();
    tokio::select! {
        never = sweep(store, &SystemClock, Span::from_secs(60), judge, report) => match never {},
        round = rounds.recv() => round.unwrap(),
    }
}

/// Loads and swaps in turn until `work` is done; the waits of the requests, sorted.
async fn traffic_during<T>(
    store: &KeyValueStore,
    work: impl Future<Output = T>,
) -> (T, Vec<Duration>) {
    let done = Cell::new(false);
    let watched = async {
        let result = work.await;
        done.set(true);
        result
    };
    let requests = async {
        let mut waits = Vec::new();
        for number in 0_u64.. {
            if done.get() {
                break;
            }
            let key = format!("r/p/used-{}", number as usize % KEYS);
            let began = Instant::now();
            let seen = store.load(&key).await.unwrap();
            let swap = store.swap(&key, seen.token, &number.to_le_bytes(), Span::NEVER).await;
            assert_eq!(swap, Ok(Swap::Done));
            waits.push(began.elapsed());
            spin_until(began + BETWEEN).await;
        }
        waits.sort_unstable();
        waits
    };
    tokio::join!(watched, requests)
}

/// The timer's millisecond is too coarse.
async fn spin_until(end: Instant) {
    while Instant::now() < end {
        tokio::task::yield_now().await;
    }
}

fn print(what: &str, waits: &[Duration]) {
    let at = |permille: usize| waits[(waits.len() - 1) * permille / 1_000].as_nanos() / 1_000;
    let (p50, p99, p999, max) = (at(500), at(990), at(999), at(1_000));
    println!("| {what} | {} | {p50} | {p99} | {p999} | {max} |", waits.len());
}

fn megabytes(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len() >> 20
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("values.redb");
    let values = Arc::new(Redb::open(&path, Durability::Grouped).unwrap());
    for number in 0..IDLE_KEYS {
        values.set(&format!("r/p/caller-{number}"), IDLE.to_vec()).await.unwrap();
    }
    values.flush().await.unwrap();
    let before = megabytes(&path);
    let store = KeyValueStore::new(Arc::clone(&values) as Arc<dyn KeyValue>);
    println!(
        "| traffic on the sweeper's thread | requests | p50 µs | p99 µs | p99.9 µs | longest µs |"
    );
    println!("|---|--:|--:|--:|--:|--:|");
    let ((), waits) = traffic_during(&store, tokio::time::sleep(QUIET)).await;
    print("nobody sweeps", &waits);
    let began = Instant::now();
    let (round, waits) = traffic_during(&store, one_round(&store)).await;
    let took = began.elapsed();
    print("a million idle keys are swept", &waits);
    values.flush().await.unwrap();
    assert_eq!(round.removed, IDLE_KEYS);
    println!(
        "\nremoved {} of {} in {took:.1?}; the file has {before} MB before and {} MB after",
        round.removed,
        round.looked_at,
        megabytes(&path)
    );
}
