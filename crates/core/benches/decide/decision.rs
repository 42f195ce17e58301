//! A decision by the number of limits.

use criterion::Criterion;
use tollgate_core::{LIMITS_MAX, Limit, Policy, Verdict};

use crate::{SECOND, decide, used};

/// Three per second, whose interval is no whole number of nanoseconds.
fn thirds(name: &str, burst: u64) -> Limit {
    Limit::token_bucket(name, burst, 3, SECOND).unwrap()
}

/// A thousand per second: a whole number of nanoseconds each.
fn millis(name: &str, burst: u64) -> Limit {
    Limit::token_bucket(name, burst, 1_000, SECOND).unwrap()
}

pub(crate) fn decision(c: &mut Criterion) {
    let mut group = c.benchmark_group("decision");
    for count in [1, 3, LIMITS_MAX] {
        for (rate, limit) in [("3 per s", thirds as fn(&str, u64) -> Limit), ("1000 per s", millis)]
        {
            let policy = Policy::new((0..count).map(|i| limit(&format!("limit-{i}"), 10))).unwrap();
            for (path, verdict) in [("allowed", Verdict::Allowed), ("limited", Verdict::Limited)] {
                let cost = if verdict == Verdict::Allowed { 1 } else { 10 };
                let operation = policy.costs_in_order(&vec![cost; count]).unwrap().into();
                let bytes = used(&policy);
                let mut out = Vec::with_capacity(bytes.len());
                group.bench_function(format!("{path}/{count} limits, {rate}"), |b| {
                    b.iter(|| assert_eq!(decide(&policy, &bytes, &operation, &mut out), verdict));
                });
            }
        }
    }
    group.finish();
}
