//! The machine's clock.

use std::time::{Duration, SystemTime};

use tollgate_core::{Span, Timestamp};
use tollgate_store::Clock;

/// The system's clock, and tokio's timer.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_1970 =
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Timestamp::from_nanos(since_1970.as_nanos().try_into().unwrap_or(u64::MAX))
    }

    async fn sleep(&self, span: Span) {
        tokio::time::sleep(Duration::from_nanos(span.as_nanos())).await;
    }
}
