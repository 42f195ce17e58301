//! Records of keys, loaded once for all watchers that share a look.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::lock::Mutex;

use crate::problem::Problem;

/// The records requested so far, by their keys in the store: those of recovering capacities, of which a log names
/// only a few.
#[derive(Debug, Default)]
pub(super) struct Records(Mutex<BTreeMap<String, Found>>);

/// A record, `None` if there is none, or why loading it failed.
pub(super) type Found = Result<Option<Arc<[u8]>>, Problem>;

impl Records {
    /// The record under this key: the result another watcher already has, or else loaded now. If that future is
    /// dropped while it loads, the next caller loads.
    pub(super) async fn get(&self, record_key: &str, load: impl Future<Output = Found>) -> Found {
        let mut records = self.0.lock().await;
        if let Some(found) = records.get(record_key) {
            return found.clone();
        }
        let found = load.await;
        records.insert(record_key.to_owned(), found.clone());
        found
    }
}
