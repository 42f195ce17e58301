//! What one operation costs, and how many writes a second are durable.
#![allow(missing_docs, reason = "criterion's macro makes the functions")]
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tollgate_kv::{Durability, KeyValue, Memory, Redb, Swap};

/// Keys that are used in turn.
const KEYS: usize = 64;
/// A record of one meter limit has about this many bytes.
const RECORD_BYTES: usize = 24;

fn keys() -> Vec<String> {
    (0..KEYS).map(|number| format!("llm/team-{number:02}")).collect()
}

fn single_thread() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

fn redb(durability: Durability) -> (TempDir, Redb) {
    let directory = tempfile::tempdir().unwrap();
    let values = Redb::open(directory.path().join("values.redb"), durability).unwrap();
    (directory, values)
}

/// Loads each key in turn.
async fn gets(values: &dyn KeyValue, keys: &[String], count: u64) -> Duration {
    let start = Instant::now();
    for number in 0..count {
        let key = &keys[number as usize % KEYS];
        assert!(std::hint::black_box(values.get(key).await.unwrap()).is_some());
    }
    start.elapsed()
}

/// Swaps each key in turn, always with success. Flushed first, so that both begin committed.
async fn swaps(values: &dyn KeyValue, keys: &[String], count: u64) -> Duration {
    for key in keys {
        values.set(key, vec![0; RECORD_BYTES]).await.unwrap();
    }
    values.flush().await.unwrap();
    let mut record = vec![0; RECORD_BYTES];
    let start = Instant::now();
    for number in 0..count {
        let key = &keys[number as usize % KEYS];
        let round = (number / KEYS as u64 + 1).to_le_bytes();
        let seen = record.clone();
        if number as usize % KEYS == KEYS - 1 {
            record[..8].copy_from_slice(&round);
        }
        let mut next = seen.clone();
        next[..8].copy_from_slice(&round);
        let outcome = values.swap(key, Some(&seen), next).await.unwrap();
        assert_eq!(outcome, Swap::Done);
    }
    start.elapsed()
}

fn operations(criterion: &mut Criterion) {
    let runtime = single_thread();
    let keys = keys();
    let (_directory, grouped) = redb(Durability::Grouped);
    let backends: [(&str, &dyn KeyValue); 2] =
        [("memory", &Memory::default()), ("redb grouped", &grouped)];
    for (name, values) in backends {
        let swap = |count| runtime.block_on(swaps(values, &keys, count));
        criterion.bench_function(&format!("swap/{name}"), |bencher| bencher.iter_custom(swap));
        runtime.block_on(values.flush()).unwrap();
        let get = |count| runtime.block_on(gets(values, &keys, count));
        criterion.bench_function(&format!("get/{name}"), |bencher| bencher.iter_custom(get));
    }
}

/// Writes `count` values from `tasks` tasks, each of which waits until its write is safe.
async fn durable_writes(values: &Arc<Redb>, tasks: u64, count: u64) -> Duration {
    let start = Instant::now();
    let tasks: Vec<_> = (0..tasks)
        .map(|task| {
            let values = Arc::clone(values);
            let mine = count / tasks + u64::from(task < count % tasks);
            tokio::spawn(async move {
                let key = format!("llm/team-{task:02}");
                for number in 0..mine {
                    let mut record = vec![0; RECORD_BYTES];
                    record[..8].copy_from_slice(&number.to_le_bytes());
                    values.set(&key, record).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    start.elapsed()
}

fn immediate(criterion: &mut Criterion) {
    let runtime = Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let (_directory, values) = redb(Durability::Immediate);
    let values = Arc::new(values);
    let mut group = criterion.benchmark_group("immediate");
    group.throughput(Throughput::Elements(1));
    for tasks in [1, 64] {
        let write = |count| runtime.block_on(durable_writes(&values, tasks, count));
        group.bench_function(format!("{tasks} tasks"), |bencher| bencher.iter_custom(write));
    }
    group.finish();
}

criterion_group!(benches, operations, immediate);
criterion_main!(benches);
