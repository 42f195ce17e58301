//! What the operations and the writer thread share.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::listing;
use super::open::Snapshot;
use super::overlay::{Batch, Overlay, Pending, Superseded};
use tollgate_store::Page;

use crate::contract::KeyValueError;

/// There is no room for one more write.
#[derive(Debug)]
pub(super) struct Full;

/// The state under its lock, and the condition variable that wakes the writer.
pub(super) struct Shared {
    state: Mutex<State>,
    bell: Condvar,
}

/// What the writer thread sleeps for. Notifying it costs a syscall, so it is done only for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sleep {
    /// It is awake and will check by itself.
    Awake,
    /// Until there is something to write.
    Idle,
    /// Until a write can't wait for the interval to end.
    Gathering,
    /// Until the store is closed: it will try again after a pause.
    Pausing,
}

pub(super) struct State {
    pub(super) overlay: Overlay,
    /// The number of the last write.
    written: u64,
    /// The last write that somebody waits for.
    wanted: u64,
    /// The last durable write; all before it are durable too.
    durable: u64,
    closing: bool,
    writer: Sleep,
}

impl State {
    /// Writes all values or none, into one batch, and returns the number of the last write. The caller
    /// may ask to have it durable without delay.
    pub(super) fn write<'a>(
        &mut self,
        values: impl IntoIterator<Item = (&'a str, Pending)>,
        now: bool,
    ) -> Result<u64, Full> {
        if self.overlay.is_full() {
            self.wanted = self.written;
            return Err(Full);
        }
        for (key, value) in values {
            self.written += 1;
            self.overlay.put(key, value, self.written);
        }
        if now || self.overlay.is_half_full() {
            self.wanted = self.written;
        }
        Ok(self.written)
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing
    }

    /// The number of the last write, durable or not.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Records that the frozen batch is in `snapshot`; returns the last write that is now durable.
    pub(super) fn committed(&mut self, snapshot: Snapshot) -> (u64, Superseded) {
        let (through, superseded) = self.overlay.committed(snapshot);
        // A flush takes a number too, which is in no batch.
        self.durable =
            if self.overlay.is_empty() { self.written } else { through.unwrap_or(self.durable) };
        (self.durable, superseded)
    }

    fn lets_sleep(&self, sleep: Sleep) -> bool {
        if self.closing {
            return false;
        }
        match sleep {
            Sleep::Awake => false,
            Sleep::Idle => self.overlay.is_empty(),
            Sleep::Gathering => self.wanted <= self.durable,
            Sleep::Pausing => true,
        }
    }
}

impl Shared {
    pub(super) fn new(snapshot: Snapshot) -> Self {
        let state = State {
            overlay: Overlay::new(snapshot),
            written: 0,
            wanted: 0,
            durable: 0,
            closing: false,
            writer: Sleep::Awake,
        };
        Self { state: Mutex::new(state), bell: Condvar::new() }
    }

    /// Ignores poisoning: no step under the lock can panic halfway through a change.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Unlocks, and wakes the writer if what it sleeps for has come.
    pub(super) fn wake(&self, mut state: MutexGuard<'_, State>) {
        let ring = state.writer != Sleep::Awake && !state.lets_sleep(state.writer);
        if ring {
            // The next caller need not notify again.
            state.writer = Sleep::Awake;
        }
        drop(state);
        if ring {
            self.bell.notify_one();
        }
    }

    /// Asks for everything to be made durable; returns the number to wait for, unless it already is.
    ///
    /// This counts as a write itself, so that it waits for the next attempt and not for one that failed.
    pub(super) fn want_everything(&self) -> Option<u64> {
        let mut state = self.lock();
        if state.overlay.is_empty() {
            return None;
        }
        state.written += 1;
        let number = state.written;
        state.wanted = number;
        self.wake(state);
        Some(number)
    }

    /// Tells the writer to commit what is left and stop.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closing = true;
        self.wake(state);
    }

    /// Sleeps, at most for `at_most`. Only the writer calls it.
    pub(super) fn sleep<'a>(
        &self,
        state: MutexGuard<'a, State>,
        sleep: Sleep,
        at_most: Option<Duration>,
    ) -> MutexGuard<'a, State> {
        let asleep = |state: &mut State| {
            let asleep = state.lets_sleep(sleep);
            state.writer = if asleep { sleep } else { Sleep::Awake };
            asleep
        };
        let mut state = match at_most {
            None => self.bell.wait_while(state, asleep).unwrap_or_else(PoisonError::into_inner),
            Some(at_most) => {
                self.bell
                    .wait_timeout_while(state, at_most, asleep)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            }
        };
        state.writer = Sleep::Awake;
        state
    }

    /// One page of keys as of one moment. It may be empty without being the last.
    pub(super) fn list(&self, cursor: Option<&str>) -> Result<Page, KeyValueError> {
        let state = self.lock();
        let open = listing::layer(state.overlay.open().keys_after(cursor));
        let frozen: Option<Arc<Batch>> = state.overlay.frozen().cloned();
        let snapshot = Arc::clone(state.overlay.snapshot());
        drop(state);
        let frozen = frozen.as_deref().into_iter().flat_map(|batch| batch.keys_after(cursor));
        let committed = listing::committed(&snapshot, cursor)
            .map_err(|error| KeyValueError::Backend(error.to_string()))?;
        Ok(listing::merge([committed, listing::layer(frozen), open]))
    }
}
