//! What a store was asked, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};

use tollgate_core::Span;

/// Upper bounds of the classes in which [`StoreTally`] counts how long operations take, in nanoseconds, the
/// bound included. What takes longer than all of them is in one more.
pub const LATENCY_BOUNDS_NS: [u64; 13] = [
    10_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    50_000_000,
    100_000_000,
    500_000_000,
    1_000_000_000,
];

const CLASSES: usize = LATENCY_BOUNDS_NS.len() + 1;

/// What a store is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Load,
    Swap,
    SwapAll,
    Overwrite,
}

impl Operation {
    const NAMES: [&str; 4] = ["load", "swap", "swap_all", "overwrite"];
}

/// Counts of operations, by what they are and what came of them. They wrap around after 2^64.
#[derive(Debug, Default)]
pub struct StoreTally([Counters; Operation::NAMES.len()]);

/// Counters of one operation: few, since every request on every thread adds to them.
#[derive(Debug, Default)]
struct Counters {
    /// How many took so long.
    classes: [AtomicU64; CLASSES],
    total_ns: AtomicU64,
    untimed: AtomicU64,
    conflicts: AtomicU64,
    failures: AtomicU64,
}

/// The counts of one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationCounts {
    /// `load`, `swap`, `swap_all` or `overwrite`.
    pub operation: &'static str,
    /// How many did what they were asked.
    pub done: u64,
    /// How many met a conflict and changed nothing: each is tried again, except the last of a decision that gives up.
    pub conflicts: u64,
    /// How many the store could not do.
    pub failures: u64,
    /// How long all of them took, if they were timed.
    pub latency: Option<Latency>,
}

/// How long operations took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latency {
    /// How many took at most as long as the bound of [`LATENCY_BOUNDS_NS`] at the same place.
    pub within: [u64; LATENCY_BOUNDS_NS.len()],
    /// How many there were.
    pub count: u64,
    /// How long they took together, in nanoseconds.
    pub total_ns: u64,
}

impl StoreTally {
    /// Counts an operation. `conflict` says whether it was one, and is nothing of one that failed.
    pub(crate) fn count(&self, operation: Operation, conflict: Option<bool>, took: Option<Span>) {
        let Some(counters) = self.0.get(operation as usize) else { return };
        match took {
            Some(took) => counters.time(took.as_nanos()),
            None => add(&counters.untimed, 1),
        }
        match conflict {
            Some(false) => {}
            Some(true) => add(&counters.conflicts, 1),
            None => add(&counters.failures, 1),
        }
    }

    /// The counts of every operation: of loads first, then of swaps of one key, of several keys, and of
    /// what was written without comparing.
    pub fn operations(&self) -> [OperationCounts; Operation::NAMES.len()] {
        std::array::from_fn(|index| self.0[index].read(Operation::NAMES[index]))
    }
}

impl Counters {
    fn time(&self, nanos: u64) {
        let class = LATENCY_BOUNDS_NS.partition_point(|bound| *bound < nanos);
        if let Some(class) = self.classes.get(class) {
            add(class, 1);
        }
        add(&self.total_ns, nanos);
    }

    fn read(&self, operation: &'static str) -> OperationCounts {
        let (conflicts, failures) = (get(&self.conflicts), get(&self.failures));
        let mut timed = 0;
        let so_far = self.classes.each_ref().map(|class| {
            timed += get(class);
            timed
        });
        let mut within = [0; LATENCY_BOUNDS_NS.len()];
        within.iter_mut().zip(so_far).for_each(|(within, so_far)| *within = so_far);
        let latency = Latency { within, count: timed, total_ns: get(&self.total_ns) };
        // Others count while this reads: a conflict may be seen before its operation.
        let done = (timed + get(&self.untimed)).saturating_sub(conflicts + failures);
        let latency = (timed > 0).then_some(latency);
        OperationCounts { operation, done, conflicts, failures, latency }
    }
}

fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
