//! What a decision costs, with governor's direct limiter on the same numbers beside it.
//!
//! `check`: one limit, state in hand. Ours is a pure function that gets the time as an argument;
//! governor reads a clock and swaps an atomic, which is its job, so both of its clocks are here:
//! the fake one (an atomic load) and the one it uses by default (quanta).
//!
//! `decision`: everything that is done for a request between two store calls: decode the record,
//! decide, read every limit's status, encode the record.

#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use governor::clock::{Clock, DefaultClock, FakeRelativeClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tollgate_core::{LIMITS_MAX, Limit, Meter, Policy, Record, Span, Tat, Timestamp, Verdict};

const SECOND: Span = Span::from_secs(1);
const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
/// So many that a run never comes to the end of them: every check is allowed.
const ENDLESS: u32 = u32::MAX;

/// Three per second, whose interval is no whole number of nanoseconds.
fn thirds(name: &str, burst: u64) -> Limit {
    Limit::token_bucket(name, burst, 3, SECOND).unwrap()
}

/// A thousand per second: a whole number of nanoseconds each.
fn millis(name: &str, burst: u64) -> Limit {
    Limit::token_bucket(name, burst, 1_000, SECOND).unwrap()
}

fn check(c: &mut Criterion) {
    let mut group = c.benchmark_group("check");
    for (path, burst) in [("allowed", ENDLESS), ("denied", 1)] {
        for (rate, meter) in [
            ("3 per s", Meter::new(burst.into(), 3, SECOND)),
            ("1000 per s", Meter::new(burst.into(), 1_000, SECOND)),
        ] {
            let id = format!("{path}/tollgate meter, {rate}");
            group.bench_function(id, |b| b.iter_custom(|times| charge(&meter.unwrap(), times)));
        }
        let fake = format!("{path}/governor, fake clock");
        group.bench_function(fake, |b| {
            b.iter_custom(|n| governor(FakeRelativeClock::default(), burst, n))
        });
        let real = format!("{path}/governor, default clock");
        group.bench_function(real, |b| {
            b.iter_custom(|n| governor(DefaultClock::default(), burst, n))
        });
    }
    group.finish();
}

/// The time of `times` charges of 1 on a meter that one charge came before.
fn charge(meter: &Meter, times: u64) -> Duration {
    let meter = black_box(meter);
    let mut tat = meter.try_charge(Tat::default(), NOW, 1).unwrap();
    let start = Instant::now();
    for _ in 0..times {
        let charged = meter.try_charge(black_box(tat), black_box(NOW), black_box(1));
        if let Some(charged) = black_box(charged) {
            tat = charged;
        }
    }
    start.elapsed()
}

/// The time of `times` checks on a limiter that one check came before.
fn governor<C: Clock>(clock: C, burst: u32, times: u64) -> Duration {
    let period = Duration::from_secs(1) / 3;
    let quota = Quota::with_period(period).unwrap().allow_burst(NonZeroU32::new(burst).unwrap());
    let limiter: RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<C::Instant>> =
        RateLimiter::direct_with_clock(quota, clock);
    limiter.check().unwrap();
    let limiter = black_box(&limiter);
    let start = Instant::now();
    for _ in 0..times {
        let _allowed = black_box(limiter.check().is_ok());
    }
    start.elapsed()
}

fn decision(c: &mut Criterion) {
    let mut group = c.benchmark_group("decision");
    for count in [1, 3, LIMITS_MAX] {
        for (rate, limit) in [("3 per s", thirds as fn(&str, u64) -> Limit), ("1000 per s", millis)]
        {
            let policy = Policy::new((0..count).map(|i| limit(&format!("limit-{i}"), 10))).unwrap();
            for (path, verdict) in [("allowed", Verdict::Allowed), ("limited", Verdict::Limited)] {
                let cost = if verdict == Verdict::Allowed { 1 } else { 10 };
                let costs = policy.costs_in_order(&vec![cost; count]).unwrap().into();
                let bytes = used(&policy);
                let mut out = Vec::with_capacity(bytes.len());
                group.bench_function(format!("{path}/{count} limits, {rate}"), |b| {
                    b.iter(|| {
                        let mut record = Record::decode(&policy, black_box(&bytes)).unwrap();
                        let decision = policy.apply(&mut record, black_box(&costs), black_box(NOW));
                        assert_eq!(decision.verdict(), verdict);
                        for status in decision.limits() {
                            black_box(status);
                        }
                        out.clear();
                        decision.record().encode_into(&policy, &mut out);
                        black_box(out.as_slice());
                    });
                });
            }
        }
    }
    group.finish();
}

/// The record of a key that was charged 1 on every limit a moment ago.
fn used(policy: &Policy) -> Vec<u8> {
    let mut record = Record::new(policy);
    let costs = policy.costs_in_order(&vec![1; policy.limits().len()]).unwrap().into();
    policy.apply(&mut record, &costs, NOW);
    record.encode(policy)
}

criterion_group!(benches, check, decision);
criterion_main!(benches);
