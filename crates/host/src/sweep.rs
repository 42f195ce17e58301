//! Sweeps the store while the program serves.
//!
//! The edge and the native service keep the same records under the same keys, so one sweeper outside
//! the guests does for both.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tollgate_core::{Span, Timestamp};
use tollgate_kv::{KeyValue, KeyValueStore};
use tollgate_service::Retention;
use tollgate_store::{Round, StoreError, sweep};

use crate::clock::SystemClock;

/// Sweeps in the background until it is dropped.
#[derive(Debug)]
pub struct Sweeping(JoinHandle<()>);

impl Sweeping {
    /// Removes the records from `store` that are idle by `retention`, with a pause of `interval` after
    /// each round. Must be called within a tokio runtime.
    #[must_use]
    pub fn start(store: Arc<dyn KeyValue>, retention: Retention, interval: Span) -> Self {
        let store = KeyValueStore::new(store);
        Self(tokio::spawn(async move {
            let judge =
                |key: &str, record: &[u8], now: Timestamp| retention.judge(key, record, now);
            sweep(&store, &SystemClock, interval, judge, log).await;
        }))
    }
}

impl Drop for Sweeping {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Logs rounds with nothing to do or report at level debug only.
fn log(round: Result<Round, StoreError>) {
    let round = match round {
        Ok(round) => round,
        Err(error) => return tracing::warn!("sweeping was interrupted: {error}"),
    };
    let Round { looked_at, removed, contended, unknown_policy, corrupt } = round;
    if removed + unknown_policy + corrupt > 0 {
        tracing::info!(looked_at, removed, contended, unknown_policy, corrupt, "swept");
    } else {
        tracing::debug!(looked_at, contended, "swept");
    }
}
