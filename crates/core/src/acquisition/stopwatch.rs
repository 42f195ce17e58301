//! Elapsed time, measured with a clock that may be set.

use crate::time::{Span, Timestamp};

/// Adds up the clock's forward steps. When the clock is set back, only the time between two readings
/// is lost; the difference to the first reading would stand still for as long as the clock was set back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopwatch {
    last: Timestamp,
    elapsed: Span,
}

impl Stopwatch {
    pub(super) const fn start(now: Timestamp) -> Self {
        Self { last: now, elapsed: Span::ZERO }
    }

    pub(super) fn read(&mut self, now: Timestamp) -> Span {
        let gone = now.since(self.last).as_nanos();
        self.elapsed = Span::from_nanos(self.elapsed.as_nanos().saturating_add(gone));
        self.last = now;
        self.elapsed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clock that is set back by an hour costs the stopwatch one interval, not an hour.
    #[test]
    fn a_clock_set_back_does_not_stop_it() {
        let mut watch = Stopwatch::start(Timestamp::from_secs(10_000));
        for (now_secs, elapsed_secs) in [(10_001, 1), (6_401, 1), (6_402, 2), (6_407, 7)] {
            let elapsed = watch.read(Timestamp::from_secs(now_secs));
            assert_eq!(elapsed, Span::from_secs(elapsed_secs));
        }
    }
}
