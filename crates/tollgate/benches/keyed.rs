//! The keyed limiter beside governor's, which keeps its keys in a DashMap: decisions per second by threads
//! and keys, and bytes per key.
//!
//! Both get the same keys in the same order, read a clock for every decision, and allow everything: once the
//! standard library's, which ours reads by default, and once the processor's counter, which governor does.
//! Rounds alternate; a ratio is taken within a round.

#![allow(clippy::ptr_arg, reason = "governor asks by the type of its keys")]
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]
#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use tollgate::{Costs, CounterClock, Limit, Limiter, Policy, Span, SystemClock};

const ROUNDS: usize = 9;
/// Decisions of each thread in each round.
const DECISIONS: usize = 1_000_000;
/// Plenty, so that nothing is denied.
const BURST: u32 = 70_000_000;
/// One comes back in such a time: a key of which one was charged is idle after it, and may be forgotten.
/// So it is as long as it can be with that burst.
const PERIOD: Duration = Duration::from_secs(60);

/// Counts the bytes that are asked for and not given back.
struct Counting;

static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One of the two.
trait Keyed: Sync {
    fn decide(&self, key: &String) -> bool;
}

struct Ours<C>(Limiter<C>, Costs);

impl<C: tollgate::Clock + Send + Sync> Keyed for Ours<C> {
    #[inline]
    fn decide(&self, key: &String) -> bool {
        self.0.try_acquire(key, self.1).unwrap().is_allowed()
    }
}

/// governor's keyed limiter.
type Governor<C> =
    RateLimiter<String, DefaultKeyedStateStore<String>, C, NoOpMiddleware<<C as Clock>::Instant>>;

impl<C: Clock + Sync> Keyed for Governor<C>
where
    C::Instant: Sync,
{
    #[inline]
    fn decide(&self, key: &String) -> bool {
        self.check_key(key).is_ok()
    }
}

fn ours<C: tollgate::Clock>(keys: usize, clock: C) -> Ours<C> {
    let period = Span::from_secs(PERIOD.as_secs());
    let limit = Limit::gcra("requests", 1, period, BURST.into()).unwrap();
    let policy = Policy::new([limit]).unwrap();
    let one = policy.costs([]).unwrap();
    Ours(Limiter::with_clock(policy, keys, clock), one)
}

fn governor<C: Clock>(clock: C) -> Governor<C> {
    let burst = NonZeroU32::new(BURST).unwrap();
    let quota = Quota::with_period(PERIOD).unwrap().allow_burst(burst);
    RateLimiter::new(quota, DefaultKeyedStateStore::default(), clock)
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|key| format!("user:{key:07}")).collect()
}

/// How long the threads take together, each from a place of its own.
fn measure(limiter: &impl Keyed, keys: &[String], threads: usize) -> Duration {
    let start = Instant::now();
    thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                let mut at = thread * 7_919;
                for _ in 0..DECISIONS {
                    // Prime to all counts, so that every key comes before one comes again.
                    at = (at + 618_033_989) % keys.len();
                    assert!(black_box(limiter.decide(black_box(&keys[at]))));
                }
            });
        }
    });
    start.elapsed()
}

/// Fills a limiter with these keys, and says what it keeps in memory for each.
fn filled<L: Keyed>(make: impl FnOnce() -> L, keys: &[String]) -> (L, f64) {
    let before = BYTES.load(Ordering::Relaxed);
    let limiter = make();
    for key in keys {
        assert!(limiter.decide(key));
    }
    let bytes = BYTES.load(Ordering::Relaxed) - before;
    (limiter, bytes as f64 / keys.len() as f64)
}

/// The median, the lowest and the highest.
fn spread(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [values[values.len() / 2], values[0], values[values.len() - 1]]
}

/// One limiter beside the other: nanoseconds per decision of the first, and how much longer the second takes.
fn compare(ours: &impl Keyed, theirs: &impl Keyed, keys: &[String], threads: usize) -> String {
    let (mut nanos, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let us = measure(ours, keys, threads).as_nanos() as f64;
        ratios.push(measure(theirs, keys, threads).as_nanos() as f64 / us);
        nanos.push(us / (DECISIONS * threads) as f64);
    }
    let ([us, ..], [ratio, low, high]) = (spread(nanos), spread(ratios));
    format!("{us:.0} | {ratio:.2} ({low:.2} to {high:.2})")
}

fn main() {
    println!(
        "| threads | keys | tollgate ns | governor over it | counter: tollgate ns | governor over it |"
    );
    println!("|--:|--:|--:|--:|--:|--:|");
    let mut memory = Vec::new();
    for count in [1, 10_000, 1_000_000] {
        let keys = names(count);
        let (ours_std, our_bytes) = filled(|| ours(count, SystemClock::default()), &keys);
        let (theirs_std, their_bytes) = filled(|| governor(MonotonicClock), &keys);
        let (ours, _) = filled(|| ours(count, CounterClock::default()), &keys);
        let (theirs, _) = filled(|| governor(DefaultClock::default()), &keys);
        memory.push((count, our_bytes, their_bytes));
        for threads in [1, 2] {
            let std = compare(&ours_std, &theirs_std, &keys, threads);
            let counter = compare(&ours, &theirs, &keys, threads);
            println!("| {threads} | {count} | {std} | {counter} |");
        }
    }
    println!("\n| keys | tollgate bytes/key | governor bytes/key | governor over tollgate |");
    println!("|--:|--:|--:|--:|");
    for (count, us, them) in memory {
        println!("| {count} | {us:.1} | {them:.1} | {:.2} |", them / us);
    }
}
