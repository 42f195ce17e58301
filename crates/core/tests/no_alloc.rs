//! A decision on meters and windows allocates nothing: decoding, deciding, reading every limit's
//! status and encoding into a vector that has room.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use tollgate_core::{
    Algorithm, CalendarUnit, LIMITS_MAX, Limit, Policy, Record, Span, Timestamp, Verdict, Windows,
};

thread_local! {
    /// Allocations of this thread; the test harness has threads of its own.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, which counts what each thread asks of it.
struct Counting;

fn count() {
    ALLOCATIONS.set(ALLOCATIONS.get() + 1);
}

#[expect(unsafe_code, reason = "an allocator can't be written without")]
// SAFETY: every call is handed on as it came; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `realloc`, and `old` came from `System`.
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`, and `old` came from `System`.
        unsafe { System.dealloc(old, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The allocations of this thread while `work` runs.
fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

/// Every algorithm whose state is a few numbers, with room for 10 units: meters and windows.
fn algorithms() -> Vec<Algorithm> {
    let period = Span::from_secs(60);
    let units = [CalendarUnit::Day, CalendarUnit::Week, CalendarUnit::Month];
    let calendar = units.map(|unit| Windows::Calendar { unit, utc_offset_secs: -3_600 });
    let aligned = Windows::Aligned { period, utc_offset_secs: 3_600 };
    let windows = [aligned, Windows::FirstUse { period }].into_iter().chain(calendar);
    let windowed = windows.flat_map(|windows| {
        let (capacity, refill, initial) = (10, 3, 10);
        let bucket = Algorithm::IntervalBucket { capacity, refill, windows, initial };
        [Algorithm::FixedWindow { limit: 10, windows }, bucket]
    });
    let others = [
        Algorithm::Gcra { limit: 3, period, burst: 10 },
        Algorithm::TokenBucket { capacity: 10, refill: 3, period, initial: 10 },
        Algorithm::TokenBucket { capacity: 10, refill: 0, period, initial: 10 },
        Algorithm::LeakyBucket { capacity: 10, leak: 3, period },
        Algorithm::LeakyQueue { capacity: 10, leak: 3, period },
        Algorithm::SlidingCounter { limit: 10, period },
    ];
    others.into_iter().chain(windowed).collect()
}

/// The allocations of one whole decision on `count` limits of which each was used once before.
fn allocations_of(algorithm: Algorithm, count: usize, cost: u64, expected: Verdict) -> usize {
    let limit = |i| Limit::new(&format!("limit-{i}"), algorithm).unwrap();
    let policy = Policy::new((0..count).map(limit)).unwrap();
    let now = Timestamp::from_secs(1_800_000_000);
    let mut record = Record::new(&policy);
    policy.apply(&mut record, &policy.costs_in_order(&vec![1; count]).unwrap().into(), now);
    let bytes = record.encode(&policy);
    let units = vec![cost; count];
    let mut out = Vec::with_capacity(bytes.len());

    allocations(|| {
        let costs = policy.costs_in_order(&units).unwrap().into();
        let mut record = Record::decode(&policy, &bytes).unwrap();
        let decision = policy.apply(&mut record, &costs, now);
        assert_eq!(decision.verdict(), expected);
        for status in decision.limits() {
            black_box(status);
        }
        black_box((decision.retry_after(), decision.delay()));
        decision.record().encode_into(&policy, &mut out);
        black_box(&out);
    })
}

/// With up to four limits, whatever the algorithm and the verdict; more of them take one allocation,
/// for the list of their states.
#[test]
fn a_decision_on_few_limits_allocates_nothing() {
    for algorithm in algorithms() {
        for (count, expected) in [(1, 0), (4, 0), (5, 1), (LIMITS_MAX, 1)] {
            for (cost, verdict) in
                [(1, Verdict::Allowed), (10, Verdict::Limited), (11, Verdict::Impossible)]
            {
                let allocations = allocations_of(algorithm, count, cost, verdict);
                assert_eq!(allocations, expected, "{count} of {algorithm:?}, {verdict:?}");
            }
        }
    }
}

/// A log keeps its charges in a vector, and writes them by way of another one: no more than that.
#[test]
fn a_log_allocates_a_few_times() {
    let log = Algorithm::SlidingLog { limit: 10, period: Span::from_secs(60) };
    assert!(allocations_of(log, 1, 1, Verdict::Allowed) <= 6);
}

/// The counter counts: what is known to allocate is seen.
#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(black_box(Box::new(1_u64)))), 1);
    let mut grown = Vec::with_capacity(1);
    assert!(allocations(|| grown.extend(black_box([1_u64, 2]))) >= 1);
}
