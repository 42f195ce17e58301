//! What a call into the keyed limiter costs in wasmtime.
//!
//! `acquire`: one decision by handle, beside the same call into a limiter that decides nothing (`null`).
//!
//! `acquire-batch`: a hundred decisions on as many keys in one call, beside the core itself, compiled for
//! this machine, over as many records (`core`), and beside the call that decides nothing.
//!
//! `cargo xtask bench` builds both limiters.

#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tollgate_core::{CompactRecord, Limit, Policy, Span, Timestamp, Verdict};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store};

use crate::bindings::KeyedLimiter;
use crate::bindings::exports::tollgate::limiter::keyed::{Admission, Admissions};
use crate::bindings::exports::tollgate::limiter::limiter as wit;

mod bindings {
    #![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated from WIT")]
    wasmtime::component::bindgen!({ path: "../../wit/limiter", world: "keyed-limiter" });
}

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
const SECOND: Span = Span::from_secs(1);
const REQUESTS: usize = 100;

/// So much that no benchmark uses it up.
const CAPACITY: u64 = 1 << 50;
/// Per second: an interval that is no whole number of nanoseconds.
const REFILL: u64 = 3_000_000_000_007;

/// An instance of a limiter component, with one limiter of a hundred keys open.
struct Keyed {
    store: Store<()>,
    component: KeyedLimiter,
    limiter: u32,
    keys: Vec<u64>,
}

impl Keyed {
    fn new(name: &str) -> Self {
        let mut config = Config::new();
        // Nothing in a limiter waits, and the bookkeeping for tasks would cost more than the call.
        config.concurrency_support(false);
        let engine = Engine::new(&config).unwrap();
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("tollgate").join(name);
        assert!(file.exists(), "{} is missing: run `cargo xtask bench`", file.display());
        let component = Component::from_file(&engine, file).unwrap();
        let mut store = Store::new(&engine, ());
        let linker = Linker::new(&engine);
        let component = KeyedLimiter::instantiate(&mut store, &component, &linker).unwrap();
        let bucket = wit::TokenBucket {
            capacity: CAPACITY,
            refill: REFILL,
            period: SECOND.as_nanos(),
            initial: CAPACITY,
        };
        let limit = wit::Limit {
            name: "requests".to_owned(),
            algorithm: wit::Algorithm::TokenBucket(bucket),
            shadow: false,
            overrun: wit::Overrun::Debt,
        };
        let policies = component.tollgate_limiter_limiter();
        let policy = policies.call_open_policy(&mut store, &[limit]).unwrap().unwrap();
        let keyed = component.tollgate_limiter_keyed();
        let limiter = keyed.call_open(&mut store, policy, REQUESTS as u32, 7).unwrap().unwrap();
        let mut intern = |key: usize| {
            let name = format!("key {key}");
            let now = NOW.as_nanos();
            keyed.call_intern(&mut store, limiter, &name, now).unwrap().unwrap()
        };
        let keys = (0..REQUESTS).map(&mut intern).collect();
        Self { store, component, limiter, keys }
    }

    fn acquire(&mut self, key: u64, cost: u64) -> Admission {
        let keyed = self.component.tollgate_limiter_keyed();
        let now = NOW.as_nanos();
        keyed.call_acquire(&mut self.store, self.limiter, key, cost, now).unwrap().unwrap()
    }

    fn acquire_batch(&mut self, costs: &[u64]) -> Admissions {
        let keyed = self.component.tollgate_limiter_keyed();
        let (keys, now) = (&self.keys, NOW.as_nanos());
        keyed.call_acquire_batch(&mut self.store, self.limiter, keys, costs, now).unwrap().unwrap()
    }
}

fn acquire(c: &mut Criterion) {
    let mut group = c.benchmark_group("acquire");
    let mut ours = Keyed::new("keyed-limiter.wasm");
    let mut null = Keyed::new("null-limiter.wasm");
    for (path, cost, verdict) in
        [("allowed", 1, wit::Verdict::Allowed), ("limited", CAPACITY, wit::Verdict::Limited)]
    {
        let (our_key, null_key) = (ours.keys[0], null.keys[0]);
        ours.acquire(our_key, 1);
        assert_eq!(ours.acquire(our_key, cost).verdict, verdict);
        group.bench_function(format!("{path}/null"), |b| {
            b.iter(|| null.acquire(black_box(null_key), black_box(cost)));
        });
        group.bench_function(format!("{path}/limiter"), |b| {
            b.iter(|| ours.acquire(black_box(our_key), black_box(cost)));
        });
    }
    group.finish();
}

fn acquire_batch(c: &mut Criterion) {
    let mut group = c.benchmark_group("acquire-batch");
    group.throughput(Throughput::Elements(REQUESTS as u64));
    let mut ours = Keyed::new("keyed-limiter.wasm");
    let mut null = Keyed::new("null-limiter.wasm");
    let costs = [1; REQUESTS];
    assert_eq!(ours.acquire_batch(&costs).verdicts, [0; REQUESTS]);
    assert_eq!(null.acquire_batch(&costs).numbers.len(), 2 * REQUESTS);
    let limit = Limit::token_bucket("requests", CAPACITY, REFILL, SECOND).unwrap();
    let policy = Policy::new([limit]).unwrap();
    let mut records = vec![CompactRecord::new(&policy); REQUESTS];
    group.bench_function("core", |b| b.iter(|| decide_all(&policy, &mut records)));
    group.bench_function("null", |b| b.iter(|| null.acquire_batch(black_box(&costs))));
    group.bench_function("limiter", |b| b.iter(|| ours.acquire_batch(black_box(&costs))));
    group.finish();
}

/// What the component does with a batch, without a border; says how many passed.
fn decide_all(policy: &Policy, records: &mut [CompactRecord]) -> usize {
    let asked = policy.costs_in_order(black_box(&[1])).unwrap().into();
    let passed = records.iter_mut().filter_map(|record| {
        let verdict = record.apply(policy, &asked, NOW, |decision| decision.verdict());
        (verdict == Verdict::Allowed).then_some(())
    });
    passed.count()
}

criterion_group!(benches, acquire, acquire_batch);
criterion_main!(benches);
