//! Outcomes of requests, counted since the service was made: natively per process, in a guest per instance.

use std::sync::atomic::{AtomicU64, Ordering};

use tollgate_core::Verdict;
use tollgate_store::{DriveError, StoreError};

use crate::decide::Decided;
use crate::limiter::LimiterError;

/// Counts by outcome of one policy.
#[derive(Debug, Default)]
pub(crate) struct Decisions([AtomicU64; Self::OUTCOMES.len()]);

impl Decisions {
    /// The possible outcomes of a request for a decision.
    const OUTCOMES: [&str; 5] = ["allowed", "limited", "impossible", "local", "uncounted"];

    pub(crate) fn count(&self, decided: &Decided) {
        match decided {
            Decided::Counted(applied) => self.count_verdict(applied.verdict),
            Decided::Local(_) => self.count_without_store(true),
            Decided::Uncounted => self.count_without_store(false),
        }
    }

    /// Counts a decision of this process alone, or an uncounted pass.
    pub(crate) fn count_without_store(&self, locally: bool) {
        self.add(if locally { 3 } else { 4 });
    }

    pub(crate) fn count_verdict(&self, verdict: Verdict) {
        self.add(match verdict {
            Verdict::Allowed => 0,
            Verdict::Limited => 1,
            Verdict::Impossible => 2,
        });
    }

    fn add(&self, outcome: usize) {
        add(self.0.get(outcome));
    }

    /// Each outcome with its count.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        counts(&Self::OUTCOMES, &self.0)
    }
}

/// Counts by cause of what could not be decided.
#[derive(Debug, Default)]
pub(crate) struct Faults([AtomicU64; Self::CAUSES.len()]);

impl Faults {
    /// Why something can't be decided.
    const CAUSES: [&str; 5] = ["unavailable", "inexact", "timed_out", "busy", "undecidable"];

    pub(crate) fn count(&self, cause: &DriveError<LimiterError>) {
        let cause = match cause {
            DriveError::Store(StoreError::Unavailable(_)) => 0,
            DriveError::Store(StoreError::Inexact) => 1,
            DriveError::TimedOut => 2,
            DriveError::Busy => 3,
            DriveError::Ask(_) => 4,
        };
        add(self.0.get(cause));
    }

    /// Each cause with its count.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        counts(&Self::CAUSES, &self.0)
    }
}

fn add(counter: Option<&AtomicU64>) {
    if let Some(counter) = counter {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

fn counts(
    names: &'static [&'static str],
    counters: &[AtomicU64],
) -> impl Iterator<Item = (&'static str, u64)> {
    let counts = counters.iter().map(|counter| counter.load(Ordering::Relaxed));
    names.iter().copied().zip(counts)
}
