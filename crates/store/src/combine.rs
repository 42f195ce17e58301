//! Requests that wait for the same key share one load and one swap.
//!
//! Requests for the same key queue in one line. One of them becomes the leader: it takes the waiting requests, loads
//! the record, decides on each in order, writes the result of all in one swap, and hands out the answers;
//! meanwhile the next batch gathers. Every request without an answer may become the leader, so none is stranded
//! when a leader is cancelled.
//!
//! What is promised of [`drive()`] holds here too, whoever else writes to the store. In addition:
//!
//! * the line is served in the order in which it was joined;
//! * an answer is given only once it holds: a request that saw what others in its batch charged waits until that is
//!   written, and one that joined after the load is answered only after a swap, which proves that the load was fresh.
//!
//! If a leader is cancelled during its swap, nobody knows whether it wrote, as without a line. Here that concerns
//! the whole batch: it is decided again, and may be charged twice. Nothing is admitted twice.

mod batch;
mod line;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::{Either, select};
use tollgate_core::Timestamp;

use self::line::Line;
use crate::{Answer, Clock, DriveError, Store, drive};

/// Most requests that share one swap, so that the first of them is not kept waiting by the last.
pub const BATCH_MAX: usize = 256;
/// Most requests that stand in one line; more go to the store by themselves.
pub const WAITING_MAX: usize = 4_096;
/// Most lines, that is, keys in use at the same moment; requests for further keys go to the store by
/// themselves.
pub const LINES_MAX: usize = 16_384;

/// Lines of requests, one for each key in use right now.
///
/// `Q` is the question, `T` the answer to it and `E` why there is none.
///
/// ```
/// use tollgate_core::Span;
/// use tollgate_store::{Answer, Combiner, ManualClock, MemoryStore};
/// # futures::executor::block_on(async {
/// // A turnstile that lets so many through together, 3 in all.
/// let ask = |record: Option<&[u8]>, people: &u8, _| {
///     let passed = record.map_or(0, |record| record[0]) + people;
///     let record = (passed <= 3).then(|| vec![passed]);
///     Ok::<_, ()>(Answer { outcome: passed <= 3, record, forget_after: Span::NEVER })
/// };
/// let (store, clock, lines) = (MemoryStore::default(), ManualClock::default(), Combiner::default());
/// let (couple, family) = futures::future::join(
///     lines.drive(&store, &clock, "door", 2, ask),
///     lines.drive(&store, &clock, "door", 4, ask),
/// )
/// .await;
/// assert_eq!((couple, family), (Ok(true), Ok(false)));
/// # });
/// ```
pub struct Combiner<Q, T, E> {
    lines: Mutex<Lines<Q, T, E>>,
}

type Lines<Q, T, E> = BTreeMap<String, Entry<Q, T, E>>;

struct Entry<Q, T, E> {
    line: Arc<Line<Q, T, E>>,
    /// How many stand in it, those who are being served included.
    places: usize,
}

/// Where one request stands: its line is given up with its last place.
struct Place<'a, Q, T, E> {
    combiner: &'a Combiner<Q, T, E>,
    key: &'a str,
    line: Arc<Line<Q, T, E>>,
}

impl<Q, T, E> Combiner<Q, T, E> {
    /// Decides on `key`, together with all others who wait for it.
    ///
    /// `ask` gets the record, or `None` when the key is absent, and what is asked: by this request or by
    /// another one for the same key, so everyone's `ask` has to answer alike. It is called again after every
    /// conflict, as that of [`drive()`] is.
    ///
    /// # Errors
    /// [`DriveError`]; see there what was charged.
    pub async fn drive<S: Store, C: Clock>(
        &self,
        store: &S,
        clock: &C,
        key: &str,
        question: Q,
        mut ask: impl FnMut(Option<&[u8]>, &Q, Timestamp) -> Result<Answer<T>, E>,
    ) -> Result<T, DriveError<E>> {
        let Some(place) = self.enter(key) else {
            return drive(store, clock, key, |record, now| ask(record, &question, now)).await;
        };
        let mut answer = match place.line.join(question, clock.now()) {
            Ok(answer) => answer,
            Err(question) => {
                return drive(store, clock, key, |record, now| ask(record, &question, now)).await;
            }
        };
        loop {
            match select(&mut answer, place.line.lead()).await {
                // Nobody leaves the line without an answer while it waits for one.
                Either::Left((answer, _)) => return answer.unwrap_or(Err(DriveError::Busy)),
                Either::Right((_leading, _)) => {
                    place.line.serve(store, clock, key, &mut ask).await;
                }
            }
        }
    }

    fn enter<'a>(&'a self, key: &'a str) -> Option<Place<'a, Q, T, E>> {
        let mut lines = self.lock();
        if let Some(entry) = lines.get_mut(key) {
            entry.places += 1;
            return Some(Place { combiner: self, key, line: Arc::clone(&entry.line) });
        }
        if lines.len() >= LINES_MAX {
            return None;
        }
        let line = Arc::new(Line::default());
        lines.insert(key.to_owned(), Entry { line: Arc::clone(&line), places: 1 });
        Some(Place { combiner: self, key, line })
    }

    /// Nothing panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, Lines<Q, T, E>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Q, T, E> Drop for Place<'_, Q, T, E> {
    fn drop(&mut self) {
        let mut lines = self.combiner.lock();
        if let Some(entry) = lines.get_mut(self.key) {
            entry.places -= 1;
            if entry.places == 0 {
                lines.remove(self.key);
            }
        }
    }
}

impl<Q, T, E> Default for Combiner<Q, T, E> {
    fn default() -> Self {
        Self { lines: Mutex::default() }
    }
}

impl<Q, T, E> fmt::Debug for Combiner<Q, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Combiner").field("lines", &self.lock().len()).finish()
    }
}
