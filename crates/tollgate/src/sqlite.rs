//! Records in a SQLite file that processes share.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Error, ErrorCode, OptionalExtension, params};
use tollgate_core::Span;
use tollgate_store::{Loaded, Store, StoreError, Swap};

/// How long a write waits for those of other processes, each of which takes some milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// The pause before a busy file is tried again.
const BUSY_PAUSE: Duration = Duration::from_millis(5);

/// Makes an empty file one of ours, and changes nothing of one that is.
const CREATE: &str = "PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS tollgate_records (
        key TEXT PRIMARY KEY NOT NULL,
        record BLOB NOT NULL
    ) WITHOUT ROWID;";

/// A [`Store`] in one SQLite file: exact, shared by all threads and processes of a machine, and durable:
/// what was written outlives them. Not for a file on a network share.
///
/// Its calls take the time of a disk, on the thread that makes them: an async program makes them where it
/// may block.
///
/// ```no_run
/// use tollgate::{SharedCooldowns, SqliteStore};
/// let upstream = SharedCooldowns::new(SqliteStore::open("cooldowns.sqlite".as_ref())?, "chat");
/// # Ok::<(), tollgate::StoreError>(())
/// ```
#[derive(Debug)]
pub struct SqliteStore {
    connection: Mutex<Connection>,
}

impl SqliteStore {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] says what is wrong with it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path).map_err(unavailable)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(unavailable)?;
        // SQLite itself does not wait where both of two lock what the other one would change, as when processes make
        // the file at the same time.
        let until = Instant::now() + BUSY_TIMEOUT;
        while let Err(error) = connection.execute_batch(CREATE) {
            let is_busy = error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
            if !is_busy || Instant::now() >= until {
                return Err(unavailable(error));
            }
            thread::sleep(BUSY_PAUSE);
        }
        Ok(Self { connection: Mutex::new(connection) })
    }

    /// Nothing panics while it is locked.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for SqliteStore {
    /// The record itself: a decision depends on nothing else.
    type Token = Option<Vec<u8>>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        let connection = self.lock();
        let select = "SELECT record FROM tollgate_records WHERE key = ?1";
        let mut select = connection.prepare_cached(select).map_err(unavailable)?;
        let record = select.query_row([key], |row| row.get(0)).optional().map_err(unavailable)?;
        let record: Option<Vec<u8>> = record;
        Ok(Loaded { token: record.clone(), record })
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        _: Span,
    ) -> Result<Swap, StoreError> {
        let connection = self.lock();
        // One statement is one transaction: nobody writes between what it compares and what it writes.
        let written = match token {
            Some(seen) => connection
                .prepare_cached(
                    "UPDATE tollgate_records SET record = ?3 WHERE key = ?1 AND record = ?2",
                )
                .and_then(|mut update| update.execute(params![key, seen, record])),
            None => connection
                .prepare_cached("INSERT OR IGNORE INTO tollgate_records VALUES (?1, ?2)")
                .and_then(|mut insert| insert.execute(params![key, record])),
        };
        match written {
            Ok(0) => Ok(Swap::Conflict),
            Ok(_) => Ok(Swap::Done),
            Err(error) => Err(unavailable(error)),
        }
    }
}

fn unavailable(error: Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy) => StoreError::Unavailable(format!(
            "another process has kept the file for more than {BUSY_TIMEOUT:?}"
        )),
        _ => StoreError::Unavailable(error.to_string()),
    }
}
