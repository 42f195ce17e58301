//! Settles the leases of hot keys while the native service runs, and when it stops.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
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
#[derive(Debug)]
pub struct Settling {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Settling {
    /// Settles what this service holds. Must be called within a tokio runtime.
    #[must_use]
    pub fn start(native: Arc<Native>) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self { stop, task: tokio::spawn(settle(native, stopped)) }
    }

    /// Settles all leases, after the last request.
    pub async fn stop(self) {
        // The task ends the same if nobody is left to tell it.
        let _ = self.stop.send(());
        if tokio::time::timeout(STOP_TIME_MAX, self.task).await.is_err() {
            tracing::warn!("leases of hot keys were not settled in time: they are charged in full");
        }
    }
}

async fn settle(native: Arc<Native>, mut stopped: oneshot::Receiver<()>) {
    // What is being settled is settled to its end: it is in no table any more.
    while tokio::time::timeout(PAUSE, &mut stopped).await.is_err() {
        native.settle_leases(SystemClock.now()).await;
    }
    native.settle_leases(Timestamp::MAX).await;
}
