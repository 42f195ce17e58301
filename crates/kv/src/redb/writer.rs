//! The thread that commits.

use std::sync::Arc;
use std::time::Duration;

use ::redb::{Database, DatabaseError, Error};
use tokio::sync::watch;

use super::open::{self, Snapshot, VALUES};
use super::overlay::Batch;
use super::shared::{Shared, Sleep};
use crate::contract::KeyValueError;

/// How long the writer waits after a failed commit before it tries again.
pub const RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// Reopens the database after a failure.
pub(super) type Reopen = Box<dyn Fn() -> Result<Database, DatabaseError> + Send>;

/// How far the writer has got.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// The last durable write; all before it are durable too.
    durable: u64,
    /// The last failure, until a commit succeeds.
    pub(super) failure: Option<Failure>,
}

#[derive(Debug)]
pub(super) struct Failure {
    /// The last write at that time.
    through: u64,
    pub(super) message: String,
}

impl Progress {
    /// The outcome of the write with this number, if it is known.
    pub(super) fn outcome(&self, number: u64) -> Option<Result<(), KeyValueError>> {
        if self.durable >= number {
            return Some(Ok(()));
        }
        let failure = self.failure.as_ref().filter(|failure| failure.through >= number)?;
        Some(Err(KeyValueError::Backend(failure.message.clone())))
    }
}

pub(super) struct Writer {
    shared: Arc<Shared>,
    progress: watch::Sender<Progress>,
    /// How long to gather writes that nobody waits for; forever if `None`.
    gather: Option<Duration>,
    /// Absent after a failure, until it can be reopened.
    database: Option<Database>,
    reopen: Reopen,
}

impl Writer {
    pub(super) fn new(
        shared: Arc<Shared>,
        progress: watch::Sender<Progress>,
        gather: Option<Duration>,
        database: Database,
        reopen: Reopen,
    ) -> Self {
        Self { shared, progress, gather, database: Some(database), reopen }
    }

    /// Commits until the store is closed and everything is committed, or the last try has failed.
    pub(super) fn run(mut self) {
        while let Some((batch, is_last_try)) = self.next_batch() {
            match self.commit(&batch) {
                Ok(snapshot) => self.succeed(snapshot),
                Err(error) => self.fail(&error, is_last_try),
            }
            drop(batch);
            if is_last_try && self.progress.borrow().failure.is_some() {
                break;
            }
        }
        if let Some(database) = self.database.take()
            && let Err(error) = database.close()
        {
            tracing::warn!(%error, "the store was not closed cleanly, it is checked when next opened");
        }
    }

    /// Waits for something to commit; `None` when the store is closed. An attempt that starts after
    /// closing is the last one.
    fn next_batch(&self) -> Option<(Arc<Batch>, bool)> {
        let mut state = self.shared.lock();
        state = self.shared.sleep(state, Sleep::Idle, None);
        if state.overlay.frozen().is_none() {
            state = self.shared.sleep(state, Sleep::Gathering, self.gather);
        }
        if state.overlay.is_empty() {
            return None;
        }
        let was_full = state.overlay.is_full();
        let batch = state.overlay.freeze();
        let is_last_try = state.is_closing();
        drop(state);
        if was_full {
            // There is room again; writes that wait for room try again at each notification.
            self.progress.send_modify(|_| ());
        }
        Some((batch, is_last_try))
    }

    fn commit(&mut self, batch: &Batch) -> Result<Snapshot, Error> {
        let outcome = open::guarded(|| {
            self.reopen_if_closed()?;
            self.database.as_ref().map_or(Err(Error::DatabaseClosed), |open| write(open, batch))
        });
        if outcome.is_err() {
            // redb refuses everything after an I/O error. Reads should work until the next attempt.
            let closed: Result<(), Error> = open::guarded(|| {
                drop(self.database.take());
                self.reopen_if_closed()
            });
            drop(closed);
        }
        outcome
    }

    fn reopen_if_closed(&mut self) -> Result<(), Error> {
        if self.database.is_some() {
            return Ok(());
        }
        let database = (self.reopen)()?;
        let snapshot = open::table(&database)?;
        self.database = Some(database);
        let superseded = self.shared.lock().overlay.reopened(snapshot);
        drop(superseded);
        Ok(())
    }

    fn succeed(&self, snapshot: Snapshot) {
        let (durable, superseded) = self.shared.lock().committed(snapshot);
        drop(superseded);
        let before = self.progress.send_replace(Progress { durable, failure: None });
        if before.failure.is_some() {
            tracing::info!("the store can be written again, nothing was lost");
        }
    }

    fn fail(&self, error: &Error, is_last_try: bool) {
        let message = format!("the store can't be written: {error}");
        let state = self.shared.lock();
        let failure = Failure { through: state.written(), message };
        if is_last_try {
            tracing::error!(%error, "the store can't be written: what was not durable is lost");
        } else if self.progress.borrow().failure.is_none() {
            tracing::error!(%error, "the store can't be written: trying again");
        }
        // Under the lock: a later write must not be told of this failure.
        self.progress.send_modify(|progress| progress.failure = Some(failure));
        drop(self.shared.sleep(state, Sleep::Pausing, Some(RETRY_INTERVAL)));
    }
}

/// Commits the batch durably.
fn write(database: &Database, batch: &Batch) -> Result<Snapshot, Error> {
    let transaction = database.begin_write()?;
    {
        let mut table = transaction.open_table(VALUES)?;
        for (key, value) in batch.values() {
            match value {
                Some(value) => drop(table.insert(key.as_str(), value.as_ref())?),
                None => drop(table.remove(key.as_str())?),
            }
        }
    }
    transaction.commit()?;
    open::snapshot(database)
}
