//! A decision by the number of keys: it is over one record, so what more keys cost is what memory
//! costs that does not fit into the processor's caches, and nothing of ours.
//!
//! The records lie in one vector, as they would in a map, and are visited in a fixed order that jumps
//! about. With 1 and 1,000 of them all stay in a cache; of 1,000,000 most don't, and each decision
//! waits for its record's bytes. Whatever a limiter does, it has to read them.

use criterion::Criterion;
use tollgate_core::{Limit, Policy, Verdict};

use crate::{SECOND, decide, used};

pub(crate) fn keys(c: &mut Criterion) {
    let mut group = c.benchmark_group("keys");
    let limit = Limit::token_bucket("requests", u64::from(u32::MAX), 1_000, SECOND).unwrap();
    let policy = Policy::new([limit]).unwrap();
    let one = policy.costs([]).unwrap().into();
    for count in [1_usize, 1_000, 1_000_000] {
        let mut records = vec![used(&policy); count];
        let (mut at, mut out) = (0_usize, Vec::with_capacity(64));
        group.bench_function(format!("{count} keys"), |b| {
            b.iter(|| {
                // Prime to all counts above, so that every record comes before one comes again.
                at = (at + 618_033_989) % count;
                let verdict = decide(&policy, &records[at], &one, &mut out);
                assert_eq!(verdict, Verdict::Allowed);
                records[at].copy_from_slice(&out);
            });
        });
    }
    group.finish();
}
