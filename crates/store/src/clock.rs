//! The time of day, and waiting: the two things that the core leaves to its host.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tollgate_core::{Span, Timestamp};

/// Tells the time, and waits.
pub trait Clock {
    /// Wall-clock time, since records are shared by machines and outlive processes.
    fn now(&self) -> Timestamp;

    /// Returns when `span` has passed.
    fn sleep(&self, span: Span) -> impl Future<Output = ()>;
}

/// One clock for several.
impl<C: Clock> Clock for Arc<C> {
    fn now(&self) -> Timestamp {
        C::now(self)
    }

    fn sleep(&self, span: Span) -> impl Future<Output = ()> {
        C::sleep(self, span)
    }
}

/// A clock that is set by hand; sleeping on it advances it.
#[derive(Debug, Default)]
pub struct ManualClock {
    nanos: AtomicU64,
}

impl ManualClock {
    /// Sets the time.
    pub fn set(&self, now: Timestamp) {
        self.nanos.store(now.as_nanos(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.nanos.load(Ordering::SeqCst))
    }

    async fn sleep(&self, span: Span) {
        self.nanos.fetch_add(span.as_nanos(), Ordering::SeqCst);
    }
}
