//! One key that 64 clients ask for at the same time: each by itself, and combined. Prints a table.

#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

mod harness;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tollgate_core::{Costs, Policy, Span};
use tollgate_kv::{Durability, KeyValue, KeyValueStore, Memory, Redb};
use tollgate_store::{Combiner, DriveError, Loaded, Store, StoreError, Swap, drive};

use crate::harness::{SystemClock, ask, policy};

const CLIENTS: usize = 64;
const ROUNDS: usize = 3;
const DURATION: Duration = Duration::from_secs(2);

/// A store that takes so long for everything, and counts it.
#[derive(Clone)]
struct Counted {
    store: KeyValueStore,
    latency: Duration,
    operations: Arc<AtomicU64>,
}

impl Counted {
    fn new(values: Arc<dyn KeyValue>, latency: Duration) -> Self {
        Self { store: KeyValueStore::new(values), latency, operations: Arc::default() }
    }

    async fn operation(&self) {
        self.operations.fetch_add(1, Ordering::Relaxed);
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
    }
}

impl Store for Counted {
    type Token = Option<Vec<u8>>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        self.operation().await;
        self.store.load(key).await
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        self.operation().await;
        self.store.swap(key, token, record, forget_after).await
    }
}

/// A policy that admits everything, and the lines of those who wait.
struct Limiter {
    policy: Policy,
    lines: Combiner<Costs, (), ()>,
    busy: AtomicU64,
}

impl Limiter {
    fn new() -> Self {
        Self { policy: policy(), lines: Combiner::default(), busy: AtomicU64::new(0) }
    }

    async fn decide(&self, store: &Counted, combines: bool) {
        let costs = self.policy.costs([]).unwrap();
        let end = if combines {
            let ask = |record: Option<&[u8]>, costs: &Costs, now| {
                Ok(ask(&self.policy, record, costs, now))
            };
            self.lines.drive(store, &SystemClock, "hot", costs, ask).await
        } else {
            drive(store, &SystemClock, "hot", |record, now| {
                Ok(ask(&self.policy, record, &costs, now))
            })
            .await
        };
        match end {
            Ok(()) => {}
            Err(DriveError::Busy) => {
                self.busy.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// What one run gave.
struct Measured {
    per_second: f64,
    busy: u64,
    operations_per_decision: f64,
}

fn measure(runtime: &Runtime, store: &Counted, combines: bool) -> Measured {
    let limiter = Arc::new(Limiter::new());
    let before = store.operations.load(Ordering::Relaxed);
    let start = Instant::now();
    let client = || {
        let (limiter, store) = (Arc::clone(&limiter), store.clone());
        runtime.spawn(async move {
            let mut decisions = 0_u64;
            while start.elapsed() < DURATION {
                limiter.decide(&store, combines).await;
                decisions += 1;
                tokio::task::yield_now().await;
            }
            decisions
        })
    };
    let clients: Vec<_> = (0..CLIENTS).map(|_| client()).collect();
    let asked: u64 = clients.into_iter().map(|client| runtime.block_on(client).unwrap()).sum();
    let operations = store.operations.load(Ordering::Relaxed) - before;
    let busy = limiter.busy.load(Ordering::Relaxed);
    let decided = (asked - busy) as f64;
    let per_second = decided / start.elapsed().as_secs_f64();
    Measured { per_second, busy, operations_per_decision: operations as f64 / decided }
}

fn main() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let redb = |durability: Durability| {
        Arc::new(Redb::open(directory.path().join(durability.as_str()), durability).unwrap())
    };
    let none = Duration::ZERO;
    let stores = [
        ("memory", Counted::new(Arc::new(Memory::default()), none)),
        ("redb grouped", Counted::new(redb(Durability::Grouped), none)),
        ("redb immediate", Counted::new(redb(Durability::Immediate), none)),
        ("1 ms per operation", Counted::new(Arc::new(Memory::default()), Duration::from_millis(1))),
    ];
    println!("| store | alone/s | busy | operations each | combined/s | operations each | ratio |");
    println!("|---|--:|--:|--:|--:|--:|--:|");
    for (name, store) in &stores {
        for _ in 0..ROUNDS {
            let alone = measure(&runtime, store, false);
            let combined = measure(&runtime, store, true);
            assert_eq!(combined.busy, 0);
            println!(
                "| {name} | {:.0} | {} | {:.2} | {:.0} | {:.3} | {:.2} |",
                alone.per_second,
                alone.busy,
                alone.operations_per_decision,
                combined.per_second,
                combined.operations_per_decision,
                combined.per_second / alone.per_second,
            );
        }
    }
}
