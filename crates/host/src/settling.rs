//! Settles the leases of hot keys while the native service runs, and when it stops.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tollgate_core::Timestamp;
use tollgate_store::Clock as _;

use crate::clock::SystemClock;
use crate::native::Native;

/// The pause between two looks for leases that are over. They live a second longer than they are spent.
const PAUSE: Duration = Duration::from_millis(250);

/// How long a stop waits for the store: a lease that is not settled by then is charged in full when it expires.
const STOP_TIME_MAX: Duration = Duration::from_secs(2);

/// Settles in the background until it is stopped.
pub struct Settling {
    native: Arc<Native>,
    task: JoinHandle<()>,
}

impl Settling {
    /// Settles what this service holds. Must be called within a tokio runtime.
    #[must_use]
    pub fn start(native: Arc<Native>) -> Self {
        let task = tokio::spawn(settle(Arc::clone(&native)));
        Self { native, task }
    }

    /// Settles all leases, after the last request.
    pub async fn stop(self) {
        self.task.abort();
        let all = self.native.service();
        let settled = tokio::time::timeout(STOP_TIME_MAX, all.settle_leases(Timestamp::MAX)).await;
        if settled.is_err() {
            tracing::warn!("leases of hot keys were not settled in time: they are charged in full");
        }
    }
}

async fn settle(native: Arc<Native>) {
    let mut service = native.service();
    loop {
        tokio::time::sleep(PAUSE).await;
        let in_force = native.service();
        if !Arc::ptr_eq(&service, &in_force) {
            // It was replaced: what it holds is nobody's any more.
            service.settle_leases(Timestamp::MAX).await;
            service = in_force;
        }
        service.settle_leases(SystemClock.now()).await;
    }
}
