//! What was asked, and what was answered, when.

use std::ops::Range;
use std::time::Duration;

/// One request and its end. Times are since the start of the run, on one clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    pub(crate) limit: Limit,
    pub(crate) key: usize,
    pub(crate) cost: u64,
    pub(crate) sent: Duration,
    pub(crate) received: Duration,
    pub(crate) end: End,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Admitted,
    Denied,
    /// The service said that it can't decide. It may have charged.
    Unavailable,
    /// There was no answer. It may have charged.
    Unknown,
}

/// The limits that are asked, each in a policy of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Limit {
    /// [`BUDGET`] units, once.
    Budget,
    /// [`BURST`] units at once, and [`RATE`] per second.
    Bucket,
    /// [`PER_WINDOW`] units in every second of the wall clock.
    Window,
}

pub(crate) const LIMITS: [Limit; 3] = [Limit::Budget, Limit::Bucket, Limit::Window];
pub(crate) const KEYS: usize = 3;
pub(crate) const BUDGET: u64 = 2_000;
pub(crate) const BURST: u64 = 20;
pub(crate) const RATE: u64 = 50;
pub(crate) const PER_WINDOW: u64 = 30;

/// The policies, as the program reads them.
pub(crate) fn policies() -> String {
    format!(
        "[policy.budget]\nunits = {{ algorithm = 'token-bucket', capacity = {BUDGET}, refill = 0 }}\n\
         [policy.bucket]\nunits = {{ algorithm = 'token-bucket', capacity = {BURST}, refill = {RATE}, per = '1s' }}\n\
         [policy.window]\nunits = {{ algorithm = 'fixed-window', limit = {PER_WINDOW}, per = '1s' }}\n"
    )
}

impl Limit {
    pub(crate) const fn policy(self) -> &'static str {
        match self {
            Self::Budget => "budget",
            Self::Bucket => "bucket",
            Self::Window => "window",
        }
    }
}

/// A time in which a store may have forgotten what it acknowledged.
#[derive(Debug, Clone)]
pub(crate) struct Loss {
    pub(crate) during: Range<Duration>,
    /// Also what it had acknowledged before.
    pub(crate) of_everything: bool,
}

/// The parts of a history that have to be true by themselves: what may be forgotten is left out, and who
/// has forgotten everything begins anew.
pub(crate) fn remembered(history: &[Event], losses: &[Loss]) -> Vec<Vec<Event>> {
    let (mut parts, mut rest) = (Vec::new(), history.to_vec());
    for Loss { during, of_everything } in losses {
        let mut before = rest.clone();
        before.retain(|event| event.received < during.start);
        rest.retain(|event| event.sent > during.end);
        if *of_everything {
            parts.push(before);
        } else {
            rest.extend(before);
        }
    }
    parts.push(rest);
    parts
}
