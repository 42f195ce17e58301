//! Idle records disappear from a backend while it is used, and used ones do not.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../benches/harness/clock.rs"]
mod clock;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tollgate_core::{Span, Timestamp};
use tollgate_kv::{Durability, KeyValue, KeyValueStore, Memory, Redb};
use tollgate_store::conformance::count_up;
use tollgate_store::{Judgement, Round, Store, sweep};

use crate::clock::SystemClock;

/// Idle keys: some hundred steps of the sweeper.
const IDLE_KEYS: u64 = 50_000;
/// Far more than it takes on a machine that is loaded.
const PATIENCE: Duration = Duration::from_secs(120);
/// What `count_up` counts in at once.
const TURN: u32 = 25;

fn judge(_: &str, record: &[u8], _: Timestamp) -> Judgement {
    let idle = record == b"idle";
    Judgement::ForgetAfter(if idle { Span::ZERO } else { Span::NEVER })
}

/// Counts on a key of its own until told to stop, and says how far it came.
fn counting(store: KeyValueStore, key: String, stop: Arc<AtomicBool>) -> JoinHandle<u32> {
    tokio::spawn(async move {
        let mut counted = 0;
        while !stop.load(Ordering::Relaxed) {
            count_up(&store, &key, TURN).await;
            counted += TURN;
            tokio::task::yield_now().await;
        }
        counted
    })
}

/// Sweeps rounds until one finds nothing more to remove, and says how many were removed.
async fn sweep_until_clean(store: &KeyValueStore) -> u64 {
    let (sender, mut rounds) = tokio::sync::mpsc::unbounded_channel();
    let report = move |round: Result<Round, _>| sender.send(round.unwrap()).unwrap();
    let counted = async {
        let mut removed = 0;
        while let Some(round) = rounds.recv().await {
            if round.removed == 0 {
                break;
            }
            removed += round.removed;
        }
        removed
    };
    tokio::select! {
        never = sweep(store, &SystemClock, Span::from_millis(1), judge, report) => match never {},
        removed = counted => removed,
    }
}

async fn idle_keys_go_while_traffic_goes_on(values: Arc<dyn KeyValue>) {
    for number in 0..IDLE_KEYS {
        values.set(&format!("r/p/idle-{number}"), b"idle".to_vec()).await.unwrap();
    }
    let store = KeyValueStore::new(Arc::clone(&values));
    let stop = Arc::new(AtomicBool::new(false));
    // In front of the idle keys, among them, and behind.
    let keys = ["r/p/a", "r/p/idle-25", "r/p/idle-4999x", "r/p/z"];
    values.delete("r/p/idle-25").await.unwrap();
    let traffic: Vec<_> = keys
        .map(|key| counting(store.clone(), key.to_owned(), Arc::clone(&stop)))
        .into_iter()
        .collect();
    let began = Instant::now();
    let removed = tokio::time::timeout(PATIENCE, sweep_until_clean(&store)).await;
    let took = began.elapsed();
    stop.store(true, Ordering::Relaxed);
    assert_eq!(removed, Ok(IDLE_KEYS - 1), "in {took:?}");
    for (key, traffic) in keys.into_iter().zip(traffic) {
        let counted = traffic.await.unwrap();
        assert!(counted > TURN, "{key} was stopped by the sweeper");
        let record = store.load(key).await.unwrap().record.unwrap();
        assert_eq!(record, counted.to_le_bytes(), "{key} lost a charge");
    }
    assert_eq!(values.list(None).await.unwrap().keys, keys, "nothing else is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_memory() {
    idle_keys_go_while_traffic_goes_on(Arc::new(Memory::default())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let values = Redb::open(directory.path().join("values.redb"), Durability::Grouped).unwrap();
    idle_keys_go_while_traffic_goes_on(Arc::new(values)).await;
}
