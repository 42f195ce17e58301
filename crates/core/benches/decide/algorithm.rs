//! A decision by the algorithm, and by how much it has to remember: charges in a log, holds, a
//! reduction that recovers.

use criterion::{BatchSize, Criterion};
use tollgate_core::{
    Acquire, Algorithm, CalendarUnit, HOLDS_MAX, Hold, Id, LOG_ENTRIES_MAX, Limit, Note, Operation,
    Policy, Record, Recovery, ReduceFactor, Span, Timestamp, UNITS_MAX, Verdict, Windows,
};

use crate::{NOW, SECOND, decide, used};

/// Plenty, so that nothing is denied.
const PLENTY: u64 = UNITS_MAX / 2;
const HOUR: Span = Span::from_secs(3_600);

fn policy(algorithm: Algorithm) -> Policy {
    Policy::new([Limit::new("requests", algorithm).unwrap()]).unwrap()
}

fn algorithms() -> [(&'static str, Algorithm); 12] {
    let (capacity, limit, period) = (PLENTY, PLENTY, HOUR);
    let aligned = Windows::Aligned { period, utc_offset_secs: 0 };
    let month = Windows::Calendar { unit: CalendarUnit::Month, utc_offset_secs: 3_600 };
    let recovery = Recovery::default();
    [
        ("gcra", Algorithm::Gcra { limit, period, burst: capacity }),
        (
            "token bucket",
            Algorithm::TokenBucket { capacity, refill: limit, period, initial: limit },
        ),
        ("leaky bucket", Algorithm::LeakyBucket { capacity, leak: limit, period }),
        ("leaky queue", Algorithm::LeakyQueue { capacity, leak: limit, period }),
        (
            "interval bucket",
            Algorithm::IntervalBucket { capacity, refill: 7, windows: aligned, initial: limit },
        ),
        ("fixed window, aligned", Algorithm::FixedWindow { limit, windows: aligned }),
        (
            "fixed window, first use",
            Algorithm::FixedWindow { limit, windows: Windows::FirstUse { period } },
        ),
        ("fixed window, month", Algorithm::FixedWindow { limit, windows: month }),
        ("sliding counter", Algorithm::SlidingCounter { limit, period }),
        ("sliding log", Algorithm::SlidingLog { limit, period }),
        ("concurrency", Algorithm::Concurrency { slots: capacity }),
        ("adaptive", Algorithm::Adaptive { capacity, period, recovery }),
    ]
}

/// A record of a log with so many charges.
fn logged(policy: &Policy, charges: usize) -> Vec<u8> {
    let mut record = Record::new(policy);
    let one = policy.costs([]).unwrap().into();
    for index in (1..=charges).rev() {
        let millis = Span::from_millis(index as u64).as_nanos();
        policy.apply(&mut record, &one, Timestamp::from_nanos(NOW.as_nanos() - millis));
    }
    record.encode(policy)
}

/// A record with so many holds of one unit.
fn holding(policy: &Policy, holds: usize) -> Vec<u8> {
    let mut record = Record::new(policy);
    let one = policy.costs([]).unwrap();
    for id in 0..holds {
        let hold = Hold::new(Id::from_u128(id as u128 + 1), HOUR).unwrap();
        policy.apply(&mut record, &Acquire::new(one).held(hold).into(), NOW);
    }
    record.encode(policy)
}

/// A record whose capacity was reduced to 1 a moment ago: the longest way back.
fn reduced(policy: &Policy) -> Vec<u8> {
    let mut record = Record::new(policy);
    let (factor, note) = (ReduceFactor::from_permille(0).unwrap(), Note::new("", "").unwrap());
    let reduce = Operation::Reduce { limit: 0, factor, note };
    policy.apply(&mut record, &reduce, Timestamp::from_nanos(NOW.as_nanos() - 1));
    record.encode(policy)
}

pub(crate) fn algorithm(c: &mut Criterion) {
    let mut group = c.benchmark_group("algorithm");
    let mut bench = |name: &str, policy: &Policy, bytes: &[u8]| {
        let one = policy.costs([]).unwrap();
        let hold = Hold::new(Id::from_u128(0), HOUR).unwrap();
        let operation = match policy.limits()[0].algorithm() {
            Algorithm::Concurrency { .. } => Acquire::new(one).held(hold).into(),
            _ => one.into(),
        };
        let mut out = Vec::new();
        group.bench_function(name, |b| {
            b.iter(|| assert_eq!(decide(policy, bytes, &operation, &mut out), Verdict::Allowed));
        });
    };
    for (name, algorithm) in algorithms() {
        let policy = policy(algorithm);
        bench(name, &policy, &used(&policy));
        if let Algorithm::SlidingLog { .. } = algorithm {
            // The last of all entries is that of the decision itself.
            for charges in [1, 32, LOG_ENTRIES_MAX - 1] {
                bench(&format!("{name}, {charges} entries"), &policy, &logged(&policy, charges));
            }
        }
        if let Algorithm::Adaptive { .. } = algorithm {
            bench(&format!("{name}, recovering from 1"), &policy, &reduced(&policy));
        }
    }
    group.finish();
}

/// A charge, and the life of a hold, beside so many other holds.
pub(crate) fn held(c: &mut Criterion) {
    let mut group = c.benchmark_group("held");
    let (capacity, refill, period) = (PLENTY, PLENTY, SECOND);
    let policy = policy(Algorithm::TokenBucket { capacity, refill, period, initial: capacity });
    let one = policy.costs([]).unwrap();
    let hold = Hold::new(Id::from_u128(0), HOUR).unwrap();
    let operations: [(&str, Operation); 3] = [
        ("charge", one.into()),
        ("hold", Acquire::new(one).held(hold).into()),
        ("settle", Operation::Settle { hold: Id::from_u128(1), costs: Some(one) }),
    ];
    for holds in [0, 1, 32, HOLDS_MAX - 1] {
        let bytes = holding(&policy, holds);
        for (name, operation) in &operations {
            group.bench_function(format!("{name}, {holds} holds"), |b| {
                b.iter_batched_ref(
                    || Vec::with_capacity(2 * bytes.len() + 64),
                    |out| assert_eq!(decide(&policy, &bytes, operation, out), Verdict::Allowed),
                    BatchSize::SmallInput,
                );
            });
        }
    }
    group.finish();
}
