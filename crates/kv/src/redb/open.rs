//! Opening the file, and saying what is wrong with it.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use ::redb::{
    Builder, Database, Error, ReadOnlyTable, ReadableDatabase, TableDefinition, TableError,
};

use super::{CACHE_BYTES, GROUP_COMMIT_INTERVAL, GROUP_COMMIT_INTERVAL_MAX};
use crate::durability::Durability;

/// The one table of the file.
pub(super) const VALUES: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("values");

/// A snapshot of what was committed at one moment, readable by any number of threads.
pub(super) type Snapshot = ReadOnlyTable<&'static str, &'static [u8]>;

/// How a [`Redb`](super::Redb) keeps its values. A [`Durability`] converts into options with the rest at its
/// default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RedbOptions {
    /// When a write is safe. Default: [`Durability::Grouped`].
    pub durability: Durability,
    /// How long a write may wait for its commit with [`Durability::Grouped`]; no other mode uses it.
    /// At most [`GROUP_COMMIT_INTERVAL_MAX`], default [`GROUP_COMMIT_INTERVAL`].
    pub group_commit_interval: Duration,
    /// Size of the page cache in bytes. Default: [`CACHE_BYTES`].
    pub cache_bytes: usize,
}

impl Default for RedbOptions {
    fn default() -> Self {
        Self {
            durability: Durability::Grouped,
            group_commit_interval: GROUP_COMMIT_INTERVAL,
            cache_bytes: CACHE_BYTES,
        }
    }
}

impl From<Durability> for RedbOptions {
    fn from(durability: Durability) -> Self {
        Self { durability, ..Self::default() }
    }
}

impl RedbOptions {
    pub(super) fn check(&self) -> Result<(), OpenError> {
        if self.group_commit_interval > GROUP_COMMIT_INTERVAL_MAX {
            return Err(OpenError::Interval(self.group_commit_interval));
        }
        Ok(())
    }

    pub(super) fn builder(&self) -> Builder {
        let mut builder = Database::builder();
        builder.set_cache_size(self.cache_bytes);
        builder
    }
}

/// Why a store could not be opened, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The directory of the file does not exist.
    #[error("{path}: the directory does not exist; create it, or give another path")]
    DirectoryMissing {
        /// The file.
        path: String,
    },
    /// Another process, or another `Redb` of this one, has the file open.
    #[error("{path}: the file is open in another process; stop that one, or give another path")]
    Locked {
        /// The file.
        path: String,
    },
    /// The file is something else, or it is damaged.
    #[error(
        "{path}: the file is no store of tollgate, or it is damaged ({reason}); \
         give another path, or put back a copy"
    )]
    NotAStore {
        /// The file.
        path: String,
        /// What redb says.
        reason: String,
    },
    /// The file can't be read or written.
    #[error("{path}: {reason}; check the permissions and the disk, or give another path")]
    Io {
        /// The file.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// [`RedbOptions::group_commit_interval`] is too long.
    #[error("group_commit_interval is at most {GROUP_COMMIT_INTERVAL_MAX:?}, not {0:?}")]
    Interval(Duration),
}

/// The name of what was opened, for error messages.
pub(super) struct Place {
    path: String,
    directory_is_missing: bool,
}

impl Place {
    pub(super) fn of_file(path: &Path) -> Self {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        Self {
            path: path.display().to_string(),
            directory_is_missing: directory.is_some_and(|directory| !directory.is_dir()),
        }
    }

    pub(super) fn of_backend() -> Self {
        Self { path: "the storage backend".to_owned(), directory_is_missing: false }
    }

    pub(super) fn explain(&self, error: Error) -> OpenError {
        let path = self.path.clone();
        match error {
            Error::Io(_) if self.directory_is_missing => OpenError::DirectoryMissing { path },
            Error::Io(error) if error.kind() != io::ErrorKind::InvalidData => {
                OpenError::Io { path, reason: error.to_string() }
            }
            Error::DatabaseAlreadyOpen | Error::LockProtocolMismatch => OpenError::Locked { path },
            error => OpenError::NotAStore { path, reason: error.to_string() },
        }
    }
}

/// Runs `work` on the file, and catches panics: redb may panic when the file is damaged.
pub(super) fn guarded<T, E: Into<Error>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, Error> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(outcome) => outcome.map_err(Into::into),
        Err(_) => Err(Error::Corrupted("redb panicked".to_owned())),
    }
}

/// The committed values; creates the table if the file is new.
pub(super) fn table(database: &Database) -> Result<Snapshot, Error> {
    let missing = match database.begin_read()?.open_table(VALUES) {
        Ok(snapshot) => return Ok(snapshot),
        Err(error) => error,
    };
    if !matches!(missing, TableError::TableDoesNotExist(_)) {
        return Err(missing.into());
    }
    let transaction = database.begin_write()?;
    transaction.open_table(VALUES)?;
    transaction.commit()?;
    snapshot(database)
}

/// The committed values.
pub(super) fn snapshot(database: &Database) -> Result<Snapshot, Error> {
    Ok(database.begin_read()?.open_table(VALUES)?)
}
