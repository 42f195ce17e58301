//! How many may watch at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Most watchers of one process: each asks the store twice a second, and holds a connection.
pub(crate) const WATCHERS_MAX: usize = 64;

/// The places of one process.
#[derive(Debug, Default)]
pub(crate) struct Places(Arc<AtomicUsize>);

/// One that is taken, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<AtomicUsize>);

impl Places {
    /// A place, unless all are taken.
    pub(crate) fn take(&self) -> Option<Place> {
        let more = |taken: usize| (taken < WATCHERS_MAX).then_some(taken + 1);
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.is_ok().then(|| Place(Arc::clone(&self.0)))
    }

    /// How many are taken.
    pub(crate) fn taken(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
