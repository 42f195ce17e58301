//! What a call into the limiter component costs in wasmtime.
//!
//! `apply`: one decision, beside the same call into a limiter that decides nothing (`null`): the same
//! lists cross the border both ways, so the difference is the decision.
//!
//! `batch`: a hundred decisions in one call, beside the core itself, compiled for this machine, over the
//! same hundred (`core`), and beside the call that decides nothing.
//!
//! `cargo xtask wasm` builds the limiter; `cargo xtask bench` builds both and runs this.

#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::env;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tollgate_core::{Policy, Record, Span, Timestamp};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store};

use crate::bindings::OnlyLimiter;
use crate::bindings::exports::tollgate::limiter::limiter as wit;

mod bindings {
    #![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated from WIT")]
    wasmtime::component::bindgen!({
        path: "../../wit/limiter",
        world: "only-limiter",
    });
}

const NOW_SECONDS: u64 = 1_800_000_000;
const NOW: Timestamp = Timestamp::from_secs(NOW_SECONDS);
const SECOND: Span = Span::from_secs(1);
const REQUESTS: usize = 100;

/// Ten at once, three per second: an interval that is no whole number of nanoseconds.
const CAPACITY: u64 = 10;
const REFILL: u64 = 3;

/// An instance of a limiter component, with one policy open.
struct Limiter {
    store: Store<()>,
    component: OnlyLimiter,
    policy: u32,
}

impl Limiter {
    fn new(name: &str, variable: &str) -> Self {
        let mut config = Config::new();
        // Nothing in a limiter waits, and the bookkeeping for tasks would cost more than the call.
        config.concurrency_support(false);
        let engine = Engine::new(&config).unwrap();
        let component = Component::from_file(&engine, wasm(name, variable)).unwrap();
        let mut store = Store::new(&engine, ());
        let component =
            OnlyLimiter::instantiate(&mut store, &component, &Linker::new(&engine)).unwrap();
        let limit = wit::Limit {
            name: "requests".to_owned(),
            algorithm: wit::Algorithm::TokenBucket(wit::TokenBucket {
                capacity: CAPACITY,
                refill: REFILL,
                period: SECOND.as_nanos(),
                initial: CAPACITY,
            }),
            shadow: false,
            overrun: wit::Overrun::Debt,
        };
        let limiter = component.tollgate_limiter_limiter();
        let policy = limiter.call_open_policy(&mut store, &[limit]).unwrap().unwrap();
        Self { store, component, policy }
    }

    fn apply(&mut self, policy: u32, record: &[u8], operation: &wit::Operation) -> wit::Decision {
        let limiter = self.component.tollgate_limiter_limiter();
        let now = NOW.as_nanos();
        let decision = limiter.call_apply(&mut self.store, policy, Some(record), operation, now);
        decision.unwrap().unwrap()
    }

    fn decide_batch(&mut self, batch: &wit::Batch) -> wit::BatchDecisions {
        let limiter = self.component.tollgate_limiter_limiter();
        limiter.call_decide_batch(&mut self.store, self.policy, batch).unwrap().unwrap()
    }
}

/// The file of a component: where `variable` says, or where the tasks put it.
fn wasm(name: &str, variable: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let file =
        env::var_os(variable).map_or_else(|| target.join("tollgate").join(name), PathBuf::from);
    assert!(file.exists(), "{} is missing: run `cargo xtask bench`", file.display());
    file
}

fn limiter() -> Limiter {
    Limiter::new("limiter.wasm", "TOLLGATE_LIMITER_WASM")
}

fn null_limiter() -> Limiter {
    Limiter::new("null-limiter.wasm", "TOLLGATE_NULL_LIMITER_WASM")
}

fn policy() -> Policy {
    Policy::new([tollgate_core::Limit::token_bucket("requests", CAPACITY, REFILL, SECOND).unwrap()])
        .unwrap()
}

/// The record of a key that was charged 1 a moment ago.
fn used(policy: &Policy) -> Vec<u8> {
    let mut record = Record::new(policy);
    policy.apply(&mut record, &policy.costs_in_order(&[1]).unwrap().into(), NOW);
    record.encode(policy)
}

fn apply(c: &mut Criterion) {
    let mut group = c.benchmark_group("apply");
    let record = used(&policy());
    let (mut limiter, mut null) = (limiter(), null_limiter());
    let ours = limiter.policy;
    for (path, cost, admitting) in [("allowed", 1, true), ("limited", CAPACITY, false)] {
        let asked = acquire(cost);
        let decision = limiter.apply(ours, &record, &asked);
        assert_eq!(decision.record.is_some(), admitting);
        // The null limiter answers a record under policy 0 alone.
        let same_size = u32::from(!admitting);
        let answer = null.apply(same_size, &record, &asked);
        assert_eq!(answer.record.map(|it| it.len()), decision.record.map(|it| it.len()));
        group.bench_function(format!("{path}/null"), |b| {
            b.iter(|| null.apply(same_size, black_box(&record), black_box(&asked)));
        });
        group.bench_function(format!("{path}/limiter"), |b| {
            b.iter(|| limiter.apply(ours, black_box(&record), black_box(&asked)));
        });
    }
    group.finish();
}

/// A request that costs so much of the only limit.
fn acquire(cost: u64) -> wit::Operation {
    let costs = vec![cost];
    wit::Operation::Acquire(wit::Acquire { costs, share_permille: 1_000, hold: None, once: None })
}

fn batch(c: &mut Criterion) {
    let mut group = c.benchmark_group("batch");
    group.throughput(Throughput::Elements(REQUESTS as u64));
    let policy = policy();
    let record = used(&policy);
    let batch = wit::Batch {
        records: record.repeat(REQUESTS),
        record_lengths: vec![record.len() as u32; REQUESTS],
        costs: vec![1; REQUESTS],
        times: vec![NOW.as_nanos(); REQUESTS],
    };
    let (mut limiter, mut null) = (limiter(), null_limiter());
    let answer = limiter.decide_batch(&batch);
    assert_eq!(answer.records.len(), batch.records.len(), "all are allowed");
    assert_eq!(answer.records, decide_all(&policy, &batch).records, "as the core decides");
    assert_eq!(answer.records.len(), null.decide_batch(&batch).records.len());
    group.bench_function("core", |b| b.iter(|| decide_all(&policy, black_box(&batch))));
    group.bench_function("null", |b| b.iter(|| null.decide_batch(black_box(&batch))));
    group.bench_function("limiter", |b| b.iter(|| limiter.decide_batch(black_box(&batch))));
    group.finish();
}

/// What the component does with a batch, without a border.
fn decide_all(policy: &Policy, batch: &wit::Batch) -> CoreDecisions {
    let mut decisions = CoreDecisions {
        verdicts: Vec::with_capacity(REQUESTS),
        limits: Vec::with_capacity(REQUESTS),
        records: Vec::with_capacity(batch.records.len()),
    };
    let mut records = &batch.records[..];
    for (request, length) in batch.record_lengths.iter().enumerate() {
        let (record, others) = records.split_at(*length as usize);
        records = others;
        let mut record = Record::decode(policy, record).unwrap();
        let operation = policy.costs_in_order(&batch.costs[request..=request]).unwrap().into();
        let now = Timestamp::from_nanos(batch.times[request]);
        let decision = policy.apply(&mut record, &operation, now);
        decisions.verdicts.push(decision.verdict());
        decisions.limits.extend(decision.limits());
        decision.record().encode_into(policy, &mut decisions.records);
    }
    decisions
}

struct CoreDecisions {
    verdicts: Vec<tollgate_core::Verdict>,
    limits: Vec<tollgate_core::LimitStatus>,
    records: Vec<u8>,
}

criterion_group!(benches, apply, batch);
criterion_main!(benches);
