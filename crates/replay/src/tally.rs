//! What is counted while a trace is replayed.

use tollgate_core::{Decision, Policy, Timestamp, Verdict};

use crate::trace::{BadLine, Event};

/// How many bad lines are shown; the others are only counted.
const BAD_LINES_SHOWN: usize = 5;

/// Counts over all requests.
pub(crate) struct Tally {
    pub(crate) allowed: u64,
    pub(crate) limited: u64,
    pub(crate) impossible: u64,
    pub(crate) bad_lines: u64,
    pub(crate) first_bad_lines: Vec<BadLine>,
    /// Requests whose time is before that of an earlier line.
    pub(crate) went_back: u64,
    /// The earliest and the latest time.
    pub(crate) span: Option<(Timestamp, Timestamp)>,
    /// One for every limit, in the policy's order.
    pub(crate) limits: Vec<LimitTally>,
}

/// Counts of one limit. A request that several limits refuse counts at each of them. Units stop
/// counting at 2^64 - 1.
#[derive(Clone, Copy, Default, serde::Serialize)]
pub(crate) struct LimitTally {
    pub(crate) requested_units: u64,
    pub(crate) admitted_units: u64,
    pub(crate) limited: u64,
    pub(crate) impossible: u64,
}

impl Tally {
    pub(crate) fn new(policy: &Policy) -> Self {
        Self {
            allowed: 0,
            limited: 0,
            impossible: 0,
            bad_lines: 0,
            first_bad_lines: Vec::new(),
            went_back: 0,
            span: None,
            limits: vec![LimitTally::default(); policy.limits().len()],
        }
    }

    pub(crate) const fn requests(&self) -> u64 {
        self.allowed + self.limited + self.impossible
    }

    pub(crate) fn add_bad(&mut self, bad: BadLine) {
        self.bad_lines += 1;
        if self.first_bad_lines.len() < BAD_LINES_SHOWN {
            self.first_bad_lines.push(bad);
        }
    }

    pub(crate) fn add(&mut self, event: &Event, decision: &Decision<'_>) {
        let (first, last) = self.span.unwrap_or((event.time, event.time));
        self.went_back += u64::from(event.time < last);
        self.span = Some((first.min(event.time), last.max(event.time)));
        let admits = decision.verdict() == Verdict::Allowed;
        match decision.verdict() {
            Verdict::Allowed => self.allowed += 1,
            Verdict::Limited => self.limited += 1,
            Verdict::Impossible => self.impossible += 1,
        }
        for (limit, units) in self.limits.iter_mut().zip(event.costs()) {
            limit.requested_units = limit.requested_units.saturating_add(*units);
            if admits {
                limit.admitted_units = limit.admitted_units.saturating_add(*units);
            }
        }
        // Even if the request is allowed: a limit may only watch.
        for (limit, status) in self.limits.iter_mut().zip(decision.limits()) {
            limit.limited += u64::from(status.verdict == Verdict::Limited);
            limit.impossible += u64::from(status.verdict == Verdict::Impossible);
        }
    }
}
