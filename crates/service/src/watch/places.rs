//! How many clients may watch at a time, and what the watchers of one log share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tollgate_core::Timestamp;

use super::looks::Looks;

/// Most watchers of one process: each holds a connection.
pub(crate) const WATCHERS_MAX: usize = 64;

/// The watcher places of one process.
#[derive(Debug, Default)]
pub(crate) struct Places {
    taken: Arc<AtomicUsize>,
    /// By the key of the log, for logs that are being watched: at most one for each place.
    looks: Mutex<BTreeMap<String, Weak<Looks>>>,
}

/// A taken place, freed on drop.
#[derive(Debug)]
pub(crate) struct Place {
    taken: Arc<AtomicUsize>,
    pub(super) looks: Arc<Looks>,
}

impl Places {
    /// A place for a watcher of this log, unless all are taken.
    pub(crate) fn take(&self, log_key: String, now: Timestamp) -> Option<Place> {
        let more = |taken: usize| (taken < WATCHERS_MAX).then_some(taken + 1);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        // Nothing panics while it is locked.
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        looks.retain(|_, looks| looks.strong_count() > 0);
        let there = looks.get(&log_key).and_then(Weak::upgrade);
        let shared = there.unwrap_or_else(|| {
            let new = Arc::new(Looks::new(now));
            looks.insert(log_key, Arc::downgrade(&new));
            new
        });
        Some(Place { taken: Arc::clone(&self.taken), looks: shared })
    }

    /// How many places are taken.
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.taken.fetch_sub(1, Ordering::Relaxed);
    }
}
