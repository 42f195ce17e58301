//! The clock of the runtime.

use std::time::Duration;

use tollgate_core::{Span, Timestamp};
use tollgate_store::Clock;
use worker::{Date, Delay};

const NANOS_PER_MILLI: u64 = 1_000_000;

/// The time of day in whole milliseconds. It stands still while a request computes, and goes on whenever
/// it waits: a decision is made at the time at which its request or its last wait came in.
pub(crate) struct WorkerClock;

impl Clock for WorkerClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(Date::now().as_millis().saturating_mul(NANOS_PER_MILLI))
    }

    async fn sleep(&self, span: Span) {
        // Rounded up, so that no caller comes back too early.
        Delay::from(Duration::from_millis(span.as_millis_ceil())).await;
    }
}
