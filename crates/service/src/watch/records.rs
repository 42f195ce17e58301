//! Records of keys, loaded once for all who take part in one look.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::lock::Mutex;

use crate::problem::Problem;

/// The records loaded so far, by their keys in the store: those of recovering capacities, of which a log names a few.
#[derive(Debug, Default)]
pub(super) struct Records(Mutex<BTreeMap<String, Found>>);

/// A record, if there is one, or why that is unknown.
pub(super) type Found = Result<Option<Arc<[u8]>>, Problem>;

impl Records {
    /// The record under this key: as another watcher has already found it, or loaded now. If the loading watcher is
    /// dropped midway, the next one loads.
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
