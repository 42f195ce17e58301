//! Bounds the requests in progress and the requests that wait for their turn.

use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError};

/// Some requests run, some more wait, the rest are refused.
pub(crate) struct Backpressure {
    working: Semaphore,
    waiting: Semaphore,
}

impl Backpressure {
    pub(crate) fn new(working_max: usize, waiting_max: usize) -> Self {
        Self { working: Semaphore::new(working_max), waiting: Semaphore::new(waiting_max) }
    }

    /// Waits for a turn, which lasts until the permit is dropped. `None` when too many already wait.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        match self.working.try_acquire() {
            Ok(turn) => Some(turn),
            Err(TryAcquireError::Closed) => None,
            Err(TryAcquireError::NoPermits) => {
                let _place = self.waiting.try_acquire().ok()?;
                self.working.acquire().await.ok()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use futures::FutureExt;

    use super::*;

    #[test]
    fn one_works_one_waits_the_third_is_refused() {
        let backpressure = Backpressure::new(1, 1);
        let first = backpressure.turn().now_or_never().unwrap();
        assert!(first.is_some());
        let mut second = Box::pin(backpressure.turn());
        assert!(second.as_mut().now_or_never().is_none(), "it waits");
        assert!(backpressure.turn().now_or_never().unwrap().is_none());
        drop(first);
        assert!(second.as_mut().now_or_never().unwrap().is_some());
    }

    #[test]
    fn who_stops_waiting_makes_room() {
        let backpressure = Backpressure::new(1, 1);
        let _first = backpressure.turn().now_or_never().unwrap();
        let mut second = Box::pin(backpressure.turn());
        assert!(second.as_mut().now_or_never().is_none());
        drop(second);
        assert!(Box::pin(backpressure.turn()).as_mut().now_or_never().is_none());
    }
}
