//! The shared vectors (`tests/vectors/README.md`), run on the component in wasmtime: one by one, and
//! as batches.

#[path = "../vectors/format.rs"]
mod format;

use format::{Expected, File, Standing, hex, unhex};
use tollgate_core::{Algorithm, Policy};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store};

use crate::wasm;

mod bindings {
    wasmtime::component::bindgen!({ path: "../wit/limiter", world: "limiter-component" });
}

use bindings::LimiterComponent;
use bindings::exports::tollgate::limiter::limiter as wit;

struct Limiter {
    store: Store<()>,
    component: LimiterComponent,
}

impl Limiter {
    fn new() -> Self {
        let mut config = Config::new();
        config.concurrency_support(false);
        let engine = Engine::new(&config).unwrap();
        let bytes = Component::new(&engine, wasm::bytes("limiter.wasm")).unwrap();
        let mut store = Store::new(&engine, ());
        let linker = Linker::new(&engine);
        let component = LimiterComponent::instantiate(&mut store, &bytes, &linker).unwrap();
        Self { store, component }
    }

    fn open(&mut self, policy: &Policy) -> u32 {
        let limits: Vec<_> = policy.limits().iter().map(limit).collect();
        let limiter = self.component.tollgate_limiter_limiter();
        limiter.call_open_policy(&mut self.store, &limits).unwrap().unwrap()
    }

    fn decide(
        &mut self,
        policy: u32,
        record: Option<&[u8]>,
        costs: &[u64],
        now: u64,
    ) -> Result<wit::Decision, wit::DecideError> {
        let limiter = self.component.tollgate_limiter_limiter();
        limiter.call_decide(&mut self.store, policy, record, costs, now).unwrap()
    }

    fn decide_batch(
        &mut self,
        policy: u32,
        batch: &wit::Batch,
    ) -> Result<wit::BatchDecisions, wit::DecideError> {
        let limiter = self.component.tollgate_limiter_limiter();
        limiter.call_decide_batch(&mut self.store, policy, batch).unwrap()
    }
}

fn limit(limit: &tollgate_core::Limit) -> wit::Limit {
    let algorithm = match limit.algorithm() {
        Algorithm::Gcra { limit, period, burst } => {
            wit::Algorithm::Gcra(wit::Gcra { limit, period: period.as_nanos(), burst })
        }
        Algorithm::TokenBucket { capacity, refill, period } => {
            let period = period.as_nanos();
            wit::Algorithm::TokenBucket(wit::TokenBucket { capacity, refill, period })
        }
        Algorithm::LeakyBucket { capacity, leak, period } => {
            let period = period.as_nanos();
            wit::Algorithm::LeakyBucket(wit::LeakyBucket { capacity, leak, period })
        }
    };
    wit::Limit { name: limit.name().to_string(), algorithm }
}

/// A decision as the vectors spell it; `before` is what stays when nothing is to be written.
fn said(decision: &wit::Decision, before: &[u8]) -> Expected {
    let standing = |status: &wit::LimitStatus| Standing {
        limit: status.limit,
        remaining: status.remaining,
        retry_after_ns: status.retry_after,
        reset_after_ns: status.reset_after,
    };
    let verdict = match decision.verdict {
        wit::Verdict::Allowed => "allowed",
        wit::Verdict::Limited => "limited",
        wit::Verdict::Impossible => "impossible",
    };
    Expected {
        verdict: verdict.to_owned(),
        changed: decision.record.is_some(),
        limits: decision.limits.iter().map(standing).collect(),
        record: hex(decision.record.as_deref().unwrap_or(before)),
    }
}

/// A batch of one decision, as a decision.
fn only(batch: wit::BatchDecisions) -> wit::Decision {
    assert_eq!((batch.verdicts.len(), batch.record_lengths.len()), (1, 1));
    assert_eq!(batch.record_lengths[0] as usize, batch.records.len());
    let record = (!batch.records.is_empty()).then_some(batch.records);
    wit::Decision { verdict: batch.verdicts[0], limits: batch.limits, record }
}

#[test]
fn the_component_does_what_the_vectors_say() {
    let mut limiter = Limiter::new();
    let mut steps = 0;
    for vector in File::meter().vectors {
        let mut policy = vector.policy.policy();
        let mut id = limiter.open(&policy);
        let mut record = vector.record.as_deref().map(unhex);
        for step in vector.steps {
            if let Some(text) = step.policy {
                policy = text.policy();
                id = limiter.open(&policy);
            }
            // The vectors write a record that was carried over under the policy of the step.
            let before = record.as_ref().map_or_else(
                || tollgate_core::Record::new(&policy).encode(&policy),
                |bytes| tollgate_core::Record::decode(&policy, bytes).unwrap().encode(&policy),
            );
            let decision = limiter.decide(id, record.as_deref(), &step.costs, step.now_ns).unwrap();
            assert_eq!(said(&decision, &before), step.expect, "{} {}", vector.why, step.why);

            let batch = wit::Batch {
                records: record.clone().unwrap_or_default(),
                record_lengths: vec![record.as_ref().map_or(0, |record| record.len() as u32)],
                costs: step.costs.clone(),
                times: vec![step.now_ns],
            };
            let batched = only(limiter.decide_batch(id, &batch).unwrap());
            assert_eq!(said(&batched, &before), step.expect, "batch: {} {}", vector.why, step.why);
            record = Some(unhex(&step.expect.record));
            steps += 1;
        }
    }
    assert!(steps >= 50, "only {steps} steps");
}

#[test]
fn a_batch_decides_each_request_as_if_alone() {
    let mut limiter = Limiter::new();
    let budget =
        tollgate_core::Limit::token_bucket("units", 3, 0, tollgate_core::Span::from_secs(1));
    let policy = Policy::new([budget.unwrap()]).unwrap();
    let id = limiter.open(&policy);
    let one_left = limiter.decide(id, None, &[2], 0).unwrap().record.unwrap();
    let batch = wit::Batch {
        records: [one_left.clone(), one_left.clone()].concat(),
        record_lengths: vec![23, 0, 23, 0],
        costs: vec![1, 1, 2, 4],
        times: vec![0; 4],
    };
    let decisions = limiter.decide_batch(id, &batch).unwrap();
    let (allowed, limited) = (wit::Verdict::Allowed, wit::Verdict::Limited);
    let verdicts = [allowed, allowed, limited, wit::Verdict::Impossible];
    assert_eq!(decisions.verdicts, verdicts);
    assert_eq!(decisions.record_lengths, [23, 23, 0, 0]);
    let remaining: Vec<_> = decisions.limits.iter().map(|status| status.remaining).collect();
    assert_eq!(remaining, [0, 2, 1, 3]);
    let alone = limiter.decide(id, Some(&one_left), &[1], 0).unwrap().record.unwrap();
    assert_eq!(decisions.records[..23], alone);
}

#[test]
fn bad_arguments_are_errors_and_never_traps() {
    let mut limiter = Limiter::new();
    let policy = Policy::new([]).unwrap();
    let none = limiter.open(&policy);
    let unknown = limiter.decide(none + 1, None, &[], 0);
    assert!(matches!(unknown, Err(wit::DecideError::UnknownPolicy)));
    assert!(matches!(limiter.decide(none, None, &[1], 0), Err(wit::DecideError::Costs)));
    for bytes in [&[][..], &[9], &[1, 0], &[1; 23]] {
        let corrupt = limiter.decide(none, Some(bytes), &[], u64::MAX);
        assert!(matches!(corrupt, Err(wit::DecideError::Corrupt(_))), "{bytes:?}");
    }
    let batch = |records: usize, lengths: &[u32], costs: usize, times: usize| wit::Batch {
        records: vec![1; records],
        record_lengths: lengths.to_vec(),
        costs: vec![0; costs],
        times: vec![0; times],
    };
    for uneven in [
        batch(0, &[0], 0, 2),
        batch(0, &[0], 1, 1),
        batch(1, &[2], 0, 1),
        batch(2, &[1], 0, 1),
        batch(0, &[u32::MAX, u32::MAX], 0, 2),
    ] {
        let error = limiter.decide_batch(none, &uneven);
        assert!(matches!(error, Err(wit::DecideError::Lengths)), "{uneven:?}");
    }
    assert!(limiter.decide(none, None, &[], u64::MAX).is_ok(), "the instance lives on");
}

#[test]
fn policies_are_validated_bounded_and_closed() {
    let mut limiter = Limiter::new();
    let zero = wit::TokenBucket { capacity: 0, refill: 1, period: 1 };
    let bad = wit::Limit { name: "x".into(), algorithm: wit::Algorithm::TokenBucket(zero) };
    let exports = limiter.component.tollgate_limiter_limiter();
    let error = exports.call_open_policy(&mut limiter.store, &[bad]).unwrap();
    assert!(matches!(error, Err(wit::OpenError::Limit((0, wit::LimitProblem::Capacity)))));
    for id in 0..1024 {
        assert_eq!(exports.call_open_policy(&mut limiter.store, &[]).unwrap().unwrap(), id);
    }
    let full = exports.call_open_policy(&mut limiter.store, &[]).unwrap();
    assert!(matches!(full, Err(wit::OpenError::TooManyPolicies)));
    exports.call_close_policy(&mut limiter.store, 7).unwrap();
    exports.call_close_policy(&mut limiter.store, 9_999).unwrap();
    assert_eq!(exports.call_open_policy(&mut limiter.store, &[]).unwrap().unwrap(), 7);
}
