//! What a key takes, of memory and of files, where there are a million: the figures of docs/benchmarks.md.
//!
//!     cargo run --release --package tollgate-kv --example footprint
#![allow(clippy::unwrap_used, reason = "a measurement may panic")]

use std::env;
use std::path::Path;
use std::process::{self, Command};
use std::sync::Arc;

use futures::future::join_all;
use tollgate_kv::{Durability, KeyValue, Memory, Nats, Redb, Redis};
use tollgate_test_servers::{Footprint, NatsServer, RedisServer};

const KEYS: usize = 1_000_000;
/// Tasks that write at the same time, so that a server is not waited for.
const TASKS: usize = 256;
/// As long as a record of one meter limit.
const RECORD: [u8; 23] = [1; 23];
/// Each is measured by a process of its own, so that none takes what another has given back.
const STORES: [&str; 4] = ["memory", "redb", "Redis", "NATS"];

async fn fill(values: &dyn KeyValue) {
    let numbers: Vec<usize> = (0..KEYS).collect();
    let part = async |numbers: &[usize]| {
        for number in numbers {
            values.set(&format!("r/llm/caller-{number:07}"), RECORD.to_vec()).await.unwrap();
        }
    };
    join_all(numbers.chunks(KEYS.div_ceil(TASKS)).map(part)).await;
    values.flush().await.unwrap();
}

/// What has come to be taken by whoever keeps `values`.
async fn taken(values: Arc<dyn KeyValue>, footprint: impl Fn() -> Footprint) -> Footprint {
    let before = footprint();
    fill(&*values).await;
    footprint().since(before)
}

async fn measure(store: &str) -> Footprint {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("values.redb");
    let here = |files: &Path| Footprint::of(process::id(), files);
    match store {
        "memory" => taken(Arc::new(Memory::default()), || here(&path)).await,
        "redb" => {
            let values = Redb::open(&path, Durability::Grouped).unwrap();
            taken(Arc::new(values), || here(&path)).await
        }
        "Redis" => {
            let server = RedisServer::start();
            let values = Redis::connect(&server.url()).await.unwrap();
            taken(Arc::new(values), || server.footprint()).await
        }
        "NATS" => {
            let server = NatsServer::start();
            let address = format!("{}?response_timeout_ms=60000", server.url());
            let values = Nats::connect(&address).await.unwrap();
            taken(Arc::new(values), || server.footprint()).await
        }
        other => panic!("there is no {other}"),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    if let Some(store) = env::args().nth(1) {
        let Footprint { resident_bytes, file_bytes } = measure(&store).await;
        let per_key = |bytes: u64| bytes as f64 / KEYS as f64;
        let (resident, files) = (per_key(resident_bytes), per_key(file_bytes));
        println!("| {store} | {resident:.0} | {files:.0} |");
        return;
    }
    println!("| store | resident bytes per key | file bytes per key |");
    println!("|---|--:|--:|");
    for store in STORES {
        assert!(Command::new(env::current_exe().unwrap()).arg(store).status().unwrap().success());
    }
}
