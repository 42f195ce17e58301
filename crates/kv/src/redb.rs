//! Values in one redb file, with group commit.
//!
//! A write goes into an [overlay] in memory, under a lock that is held for microseconds; that
//! makes compare-and-swap exact. One [writer] thread commits the writes that have gathered there and
//! then drops them, so a hundred writes share one fsync.
//!
//! Every commit is durable, even with [`Durability::None`], which only commits rarely. redb's own commits
//! without durability won't do: after an I/O error redb (4.5) refuses everything until the file is
//! reopened, and then they are gone, while the overlay still has every write that is not durable. (Space is
//! not the reason: redb reuses pages within such commits; a file that was rewritten by 4,000 of them did
//! not grow after the first 1,000.)

mod change;
mod listing;
mod open;
mod overlay;
mod shared;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use std::{io, thread};

use ::redb::{Database, StorageBackend};
use async_trait::async_trait;
use tokio::sync::watch;
use tollgate_store::{Page, Swap};

use self::change::Verdict;
use self::open::Place;
use self::overlay::{Pending, committed};
use self::shared::Shared;
use self::writer::{Progress, Writer};
use crate::contract::{
    Exchange, Increment, KeyValue, KeyValueError, New, check_exchanges, check_key, check_value,
};
use crate::durability::Durability;
use crate::number;

pub use self::open::{OpenError, RedbOptions};
pub use self::overlay::{OVERLAY_BYTES_MAX, OVERLAY_ENTRIES_MAX};
pub use self::writer::RETRY_INTERVAL;

/// How long a write may wait for its commit with [`Durability::Grouped`], by default.
pub const GROUP_COMMIT_INTERVAL: Duration = Duration::from_millis(10);
/// Longest interval that [`RedbOptions::group_commit_interval`] takes.
pub const GROUP_COMMIT_INTERVAL_MAX: Duration = Duration::from_secs(60);
/// Default size of the page cache in bytes.
pub const CACHE_BYTES: usize = 64 << 20;

/// Values in one redb file.
///
/// # When writes are safe
/// See [`Durability`]. Uncommitted writes are in memory, at most [`OVERLAY_ENTRIES_MAX`] keys and
/// about [`OVERLAY_BYTES_MAX`]; a write waits while there is no room.
///
/// # When the file fails
/// After an I/O error (a full disk, say) redb refuses all further use of an open file. So the file is
/// closed and reopened, and the failed commit is retried every [`RETRY_INTERVAL`] until it
/// succeeds; no acknowledged write is forgotten meanwhile, and no value goes back to an earlier
/// one. Writes that wait for a failed commit fail with [`KeyValueError::Backend`], although
/// they may still become durable later. Writes that don't wait are accepted until there is no room, and
/// then refused. Reads of values that are not in memory fail while the file is closed.
///
/// # Blocking
/// A read that misses redb's cache reads the file on the calling thread, and an
/// increment or a swap does so under the lock; a limiter loads a key before it swaps it, so its pages
/// are in the cache. Dropping a `Redb` commits what is left, closes the file and blocks until that
/// is done; call [`flush`](KeyValue::flush) first to learn of errors.
pub struct Redb {
    shared: Arc<Shared>,
    progress: watch::Receiver<Progress>,
    durability: Durability,
    /// Taken when the writer is joined.
    writer: Option<JoinHandle<()>>,
}

impl Redb {
    /// Opens the file at `path`, or creates it. After a crash redb first checks the whole file.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do.
    pub fn open(
        path: impl AsRef<Path>,
        options: impl Into<RedbOptions>,
    ) -> Result<Self, OpenError> {
        let path = path.as_ref().to_owned();
        let options = options.into();
        let place = Place::of_file(&path);
        options.check()?;
        let first = open::guarded(|| options.builder().create(&path));
        // Not `create`: if the file was removed, an empty one would take values back to earlier ones.
        let reopen = move || options.builder().open(&path);
        Self::start(&place, options, first, Box::new(reopen))
    }

    /// Opens the storage that `backend` makes: for fault tests, and for storage that is not a file.
    ///
    /// `backend` is called again after every failure; the storage it makes then must hold what was written
    /// before.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do.
    pub fn open_with<B: StorageBackend>(
        backend: impl Fn() -> io::Result<B> + Send + 'static,
        options: impl Into<RedbOptions>,
    ) -> Result<Self, OpenError> {
        let options = options.into();
        options.check()?;
        let open = move || options.builder().create_with_backend(backend()?);
        let first = open::guarded(&open);
        Self::start(&Place::of_backend(), options, first, Box::new(open))
    }

    fn start(
        place: &Place,
        options: RedbOptions,
        database: Result<Database, ::redb::Error>,
        reopen: writer::Reopen,
    ) -> Result<Self, OpenError> {
        let database = database.map_err(|error| place.explain(error))?;
        let snapshot =
            open::guarded(|| open::table(&database)).map_err(|error| place.explain(error))?;
        let shared = Arc::new(Shared::new(snapshot));
        let (sender, progress) = watch::channel(Progress::default());
        let gather = match options.durability {
            Durability::Grouped => Some(options.group_commit_interval),
            Durability::Immediate | Durability::None => None,
        };
        let writer = Writer::new(Arc::clone(&shared), sender, gather, database, reopen);
        let writer = thread::Builder::new()
            .name("tollgate-kv".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| place.explain(error.into()))?;
        Ok(Self { shared, progress, durability: options.durability, writer: Some(writer) })
    }
}

#[async_trait]
impl KeyValue for Redb {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KeyValueError> {
        check_key(key)?;
        let (pending, snapshot) = {
            let state = self.shared.lock();
            match state.overlay.pending(key) {
                Some(pending) => (pending.clone(), None),
                None => (None, Some(Arc::clone(state.overlay.snapshot()))),
            }
        };
        match snapshot {
            None => Ok(pending.map(|value| value.to_vec())),
            Some(snapshot) => committed(&snapshot, key, |value| value.map(<[u8]>::to_vec)),
        }
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), KeyValueError> {
        check_key(key)?;
        check_value(&value)?;
        let value: Pending = Some(Arc::from(value));
        self.change(|_| Ok(Verdict::Write([(key, value.clone())], ()))).await
    }

    async fn delete(&self, key: &str) -> Result<(), KeyValueError> {
        check_key(key)?;
        self.change(|_| Ok(Verdict::Write([(key, None)], ()))).await
    }

    async fn list(&self, cursor: Option<&str>) -> Result<Page, KeyValueError> {
        let mut page = self.shared.list(cursor)?;
        // A page whose keys are all deleted is skipped.
        while page.keys.is_empty()
            && let Some(cursor) = page.cursor
        {
            page = self.shared.list(Some(&cursor))?;
        }
        Ok(page)
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<Increment, KeyValueError> {
        check_key(key)?;
        self.change(|state| {
            let sum = state.overlay.current(key, |value| number::add(value, delta))?;
            Ok(match sum {
                None => Verdict::Leave(Increment::NotANumber),
                Some(sum) => {
                    let value = Some(Arc::from(sum.to_le_bytes()));
                    Verdict::Write([(key, value)], Increment::Sum(sum))
                }
            })
        })
        .await
    }

    async fn exchange(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: New,
    ) -> Result<Swap, KeyValueError> {
        check_key(key)?;
        new.check()?;
        let new: Pending = new.value().map(Arc::from);
        self.change(|state| {
            let unchanged = state.overlay.current(key, |value| value == expected)?;
            Ok(if unchanged {
                Verdict::Write([(key, new.clone())], Swap::Done)
            } else {
                Verdict::Leave(Swap::Conflict)
            })
        })
        .await
    }

    async fn exchange_all(&self, exchanges: &[Exchange]) -> Result<Option<Swap>, KeyValueError> {
        check_exchanges(exchanges)?;
        let new = |it: &Exchange| -> Pending { it.new.value().map(Arc::from) };
        let values: Vec<_> = exchanges.iter().map(|it| (&*it.key, new(it))).collect();
        self.change(|state| {
            for it in exchanges {
                let expected = it.expected.as_deref();
                if !state.overlay.current(&it.key, |value| value == expected)? {
                    return Ok(Verdict::Leave(Some(Swap::Conflict)));
                }
            }
            Ok(Verdict::Write(values.clone(), Some(Swap::Done)))
        })
        .await
    }

    async fn flush(&self) -> Result<(), KeyValueError> {
        match self.shared.want_everything() {
            Some(number) => self.committed(number).await,
            None => Ok(()),
        }
    }
}

impl Drop for Redb {
    fn drop(&mut self) {
        self.shared.close();
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the thread that writes the store panicked");
        }
    }
}

impl fmt::Debug for Redb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redb").field("durability", &self.durability).finish_non_exhaustive()
    }
}
