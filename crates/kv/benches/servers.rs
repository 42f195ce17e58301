//! Swaps per second of every backend, and of Redis against what `redis-benchmark` gets for the same script.
//!
//! Rounds alternate between the cases, since the machine does other things too. Every task swaps a key of
//! its own, always with success; `redis-benchmark` has as many connections as there are tasks.
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tollgate_kv::{Durability, KeyValue, Memory, Nats, Redb, Redis, Swap};
use tollgate_test_servers::{NatsServer, RedisServer};

/// How long one case runs in one round.
const RUN: Duration = Duration::from_secs(1);
/// How often every case runs.
const ROUNDS: usize = 5;
/// Swaps that `redis-benchmark` does in one round, in about as long.
const REQUESTS: [(usize, &str); 2] = [(1, "15000"), (64, "60000")];
/// A record of one meter limit has about this many bytes.
const RECORD_BYTES: usize = 24;
/// A server that keeps what it is told in memory, so that no disk is measured.
const IN_MEMORY: [&str; 2] = ["--appendonly", "no"];

struct Case {
    name: &'static str,
    values: Arc<dyn KeyValue>,
}

/// Swaps per second from so many tasks.
async fn swaps(values: &Arc<dyn KeyValue>, tasks: usize) -> f64 {
    let start = Instant::now();
    let tasks: Vec<_> = (0..tasks)
        .map(|task| {
            let values = Arc::clone(values);
            tokio::spawn(async move {
                let key = format!("r/llm/team-{task:02}");
                let mut record = vec![0; RECORD_BYTES];
                values.set(&key, record.clone()).await.unwrap();
                let mut count = 0_u64;
                while start.elapsed() < RUN {
                    count += 1;
                    let mut next = record.clone();
                    next[..8].copy_from_slice(&count.to_le_bytes());
                    let end = values.swap(&key, Some(&record), next.clone()).await;
                    assert_eq!(end, Ok(Swap::Done));
                    record = next;
                }
                count
            })
        })
        .collect();
    let mut count = 0;
    for task in tasks {
        count += task.await.unwrap();
    }
    count as f64 / start.elapsed().as_secs_f64()
}

/// Calls of the script per second that `redis-benchmark` gets: of one key, always with success.
fn redis_benchmark(server: &RedisServer, tasks: usize, requests: &str) -> f64 {
    let (record, script) = ("x".repeat(RECORD_BYTES), tollgate_store::scripts::SWAP_EACH);
    let hash = redis::Script::new(script).get_hash().to_owned();
    let key = "tollgate:r/llm/benchmark";
    assert_eq!(server.command(&format!("SET {key} {record}")), "+OK");
    let output = Command::new("redis-benchmark")
        .args(["-p", &server.port().to_string(), "-c", &tasks.to_string(), "-n", requests])
        .args(["--csv", "EVALSHA", &hash, "1", key, "1", &record, &record, "0"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let rate = text.lines().last().and_then(|line| line.split("\",\"").nth(1));
    rate.and_then(|rate| rate.parse().ok()).unwrap_or_else(|| panic!("{text}"))
}

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_unstable_by(f64::total_cmp);
    rates[rates.len() / 2]
}

async fn cases(directory: &TempDir, servers: &(RedisServer, RedisServer, NatsServer)) -> Vec<Case> {
    let (memory, appending, nats) = servers;
    let path = directory.path().join("values.redb");
    let case = |name, values| Case { name, values };
    vec![
        case("memory", Arc::new(Memory::default())),
        case("redb grouped", Arc::new(Redb::open(path, Durability::Grouped).unwrap())),
        case("Redis, in memory", Arc::new(Redis::connect(&memory.url()).await.unwrap())),
        case(
            "Redis, appendfsync everysec",
            Arc::new(Redis::connect(&appending.url()).await.unwrap()),
        ),
        case("NATS JetStream, in files", Arc::new(Nats::connect(&nats.url()).await.unwrap())),
    ]
}

fn main() {
    let runtime: Runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let servers = (RedisServer::start_with(&IN_MEMORY), RedisServer::start(), NatsServer::start());
    let cases = runtime.block_on(cases(&directory, &servers));
    println!("| tasks | case | swaps/s | lowest | highest | of redis-benchmark |");
    println!("|--:|---|--:|--:|--:|--:|");
    for (tasks, requests) in REQUESTS {
        let mut rates = vec![Vec::new(); cases.len()];
        let mut ours = Vec::new();
        for _ in 0..ROUNDS {
            for (case, rates) in cases.iter().zip(&mut rates) {
                rates.push(runtime.block_on(swaps(&case.values, tasks)));
            }
            ours.push(redis_benchmark(&servers.0, tasks, requests));
        }
        let yardstick = median(&mut ours);
        let rows = cases.iter().map(|case| case.name).zip(rates);
        for (name, mut rates) in rows.chain([("redis-benchmark, EVALSHA", ours)]) {
            let middle = median(&mut rates);
            let (lowest, highest) = (rates[0], rates[rates.len() - 1]);
            let ratio = middle / yardstick;
            println!(
                "| {tasks} | {name} | {middle:.0} | {lowest:.0} | {highest:.0} | {ratio:.2} |"
            );
        }
    }
}
