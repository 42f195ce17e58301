//! The host's clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tollgate_core::{Span, Timestamp};
use tollgate_store::Clock;

/// Wall-clock time, as the host reports it.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_nanos(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX))
    }

    async fn sleep(&self, span: Span) {
        spin_sdk::time::sleep(Duration::from_nanos(span.as_nanos())).await;
    }
}
