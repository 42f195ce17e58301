//! Sweeping the store while somebody serves.
//!
//! The edge's records are those of the native service under the same keys, so one sweeper outside of
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
    /// each round. Has to be called within a runtime of tokio.
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

/// Rounds in which there was nothing to do or to say are only told to who debugs.
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
