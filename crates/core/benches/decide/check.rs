//! One limit, state in hand. Ours is a pure function that gets the time as an argument; governor reads
//! a clock and swaps an atomic, which is its job, so both of its clocks are here: the fake one (an
//! atomic load) and the one it uses by default (quanta).

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use criterion::Criterion;
use governor::clock::{Clock, DefaultClock, FakeRelativeClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tollgate_core::{Meter, Tat};

use crate::{NOW, SECOND};

/// So many that a run never comes to the end of them: every check is allowed.
const ENDLESS: u32 = u32::MAX;

pub(crate) fn check(c: &mut Criterion) {
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
