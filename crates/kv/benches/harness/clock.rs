//! The time of the system, for benchmarks and for tests that let time pass.

use std::time::{Duration, SystemTime};

use tollgate_core::{Span, Timestamp};
use tollgate_store::Clock;

pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Timestamp::from_nanos(u64::try_from(since_1970.as_nanos()).unwrap())
    }

    async fn sleep(&self, span: Span) {
        tokio::time::sleep(Duration::from_nanos(span.as_nanos())).await;
    }
}
