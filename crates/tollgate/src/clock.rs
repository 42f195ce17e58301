//! The clocks of this process, and of what it shares with others.

use std::time::{Duration, Instant, SystemTime};

use futures_timer::Delay;
use tollgate_core::{Span, Timestamp};
use tollgate_store::Clock;

/// A timer is set for at most a day, and then set again: the end of a longer one need not be a time
/// that the operating system can name.
const TIMER_MAX: Duration = Duration::from_secs(86_400);

/// The time of day when the limiter was made, and from then on a monotonic clock: setting the computer's
/// clock back makes nobody wait. Sleeps on any async runtime, and without one.
#[derive(Debug, Clone)]
pub struct SystemClock {
    began_at: Timestamp,
    began: Instant,
}

/// The time of day, even when it is set: for state that processes share and that outlives them.
#[derive(Debug, Clone, Copy, Default)]
pub struct WallClock;

impl Default for SystemClock {
    fn default() -> Self {
        Self { began_at: WallClock.now(), began: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[inline]
    fn now(&self) -> Timestamp {
        self.began_at.plus(span(self.began.elapsed()))
    }

    async fn sleep(&self, span: Span) {
        WallClock.sleep(span).await;
    }
}

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        let since_epoch =
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Timestamp::EPOCH.plus(span(since_epoch))
    }

    async fn sleep(&self, span: Span) {
        let mut left = Duration::from_nanos(span.as_nanos());
        while left > Duration::ZERO {
            let nap = left.min(TIMER_MAX);
            Delay::new(nap).await;
            left -= nap;
        }
    }
}

/// In whole nanoseconds; a span that does not fit saturates.
#[inline]
pub(crate) fn span(duration: Duration) -> Span {
    let nanos = duration.as_secs().saturating_mul(1_000_000_000);
    Span::from_nanos(nanos.saturating_add(duration.subsec_nanos().into()))
}
