//! Restores a dump into a store.

use std::io::{self, BufRead};

use tollgate_kv::{KeyValue, KeyValueError, Swap};

use crate::entry::{self, Line, LineError};
use crate::lines::{LINE_BYTES_MAX, next_line};

/// What happens to a key that the store already has, with another value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It keeps its value, and the restore stops.
    Refuse,
    /// It gets the dump's value.
    Overwrite,
}

/// The numbers of records restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Restored {
    /// Records that were written.
    pub written: u64,
    /// Records that were already there, byte for byte.
    pub unchanged: u64,
}

/// Why a dump was not restored, or not all of it. Lines are counted from 1.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The dump can't be read.
    #[error("the dump can't be read: {0}")]
    Read(#[from] io::Error),
    /// A line is wrong.
    #[error("line {number}: {error}")]
    Line {
        /// Which one.
        number: u64,
        /// What is wrong with it.
        error: LineError,
    },
    /// The last line is missing.
    #[error("the dump was cut off: its last line, with the number of records, is missing")]
    CutOff,
    /// The store already has the key of a line, with another value.
    #[error("line {number}: key: the store has {key:?} already, with another record")]
    Exists {
        /// Which line.
        number: u64,
        /// The key.
        key: String,
    },
    /// The store can't be written to.
    #[error("line {number}: the store can't be written to: {error}")]
    Store {
        /// Which line.
        number: u64,
        /// What is wrong with the store.
        error: KeyValueError,
    },
}

/// The records of a dump, one after the other.
struct Records<R> {
    reader: R,
    buffer: Vec<u8>,
    /// The number of the line that was read last.
    number: u64,
    counted: u64,
}

impl<R: BufRead> Records<R> {
    fn open(reader: R) -> Result<Self, RestoreError> {
        let mut records = Self { reader, buffer: Vec::new(), number: 0, counted: 0 };
        // An empty text has no first line and is not a dump either.
        records.read_line()?;
        entry::parse_header(&records.buffer).map_err(|error| records.wrong(error))?;
        Ok(records)
    }

    /// The next record, or `None` after the last one.
    fn next(&mut self) -> Result<Option<(String, Vec<u8>)>, RestoreError> {
        if !self.read_line()? {
            return Err(RestoreError::CutOff);
        }
        match entry::parse_line(&self.buffer).map_err(|error| self.wrong(error))? {
            Line::Record { key, bytes } => {
                self.counted += 1;
                Ok(Some((key, bytes)))
            }
            Line::End { records } if records != self.counted => {
                let counted = self.counted;
                Err(self
                    .wrong(LineError(format!("records: is {records}, but there are {counted}"))))
            }
            Line::End { .. } if self.read_line()? => {
                Err(self.wrong(LineError("follows the last line of the dump".to_owned())))
            }
            Line::End { .. } => Ok(None),
        }
    }

    fn read_line(&mut self) -> Result<bool, RestoreError> {
        self.number += 1;
        let is_there = next_line(&mut self.reader, &mut self.buffer)?;
        if self.buffer.len() > LINE_BYTES_MAX {
            let message = format!("has more than {LINE_BYTES_MAX} bytes");
            return Err(self.wrong(LineError(message)));
        }
        Ok(is_there)
    }

    const fn wrong(&self, error: LineError) -> RestoreError {
        RestoreError::Line { number: self.number, error }
    }
}

/// Reads a whole dump and returns how many records it has.
///
/// # Errors
/// [`RestoreError`] names the first invalid line.
pub fn check(reader: impl BufRead) -> Result<u64, RestoreError> {
    let mut records = Records::open(reader)?;
    while records.next()?.is_some() {}
    Ok(records.counted)
}

/// Writes the records of a dump into `values`, line by line. After every line `progress` gets what was
/// restored so far.
///
/// With [`Existing::Refuse`] a key is created only if it is absent, even if others write to the store. A
/// record that is already there, byte for byte, is no conflict, so an interrupted restore can be
/// repeated.
///
/// A store that expires idle records by itself keeps these until they are written again, or swept.
///
/// # Errors
/// [`RestoreError`] names the line at which it stopped; what came before is restored.
pub async fn restore(
    values: &dyn KeyValue,
    reader: impl BufRead,
    existing: Existing,
    mut progress: impl FnMut(Restored),
) -> Result<Restored, RestoreError> {
    let mut records = Records::open(reader)?;
    let mut restored = Restored::default();
    while let Some((key, bytes)) = records.next()? {
        let number = records.number;
        let put = put(values, &key, bytes, existing).await;
        match put.map_err(|error| RestoreError::Store { number, error })? {
            Put::Written => restored.written += 1,
            Put::Unchanged => restored.unchanged += 1,
            Put::Refused => return Err(RestoreError::Exists { number, key }),
        }
        progress(restored);
    }
    Ok(restored)
}

enum Put {
    Written,
    Unchanged,
    Refused,
}

async fn put(
    values: &dyn KeyValue,
    key: &str,
    bytes: Vec<u8>,
    existing: Existing,
) -> Result<Put, KeyValueError> {
    if existing == Existing::Overwrite {
        values.set(key, bytes).await?;
        return Ok(Put::Written);
    }
    if values.swap(key, None, bytes.clone()).await? == Swap::Done {
        return Ok(Put::Written);
    }
    let there = values.get(key).await?;
    Ok(if there == Some(bytes) { Put::Unchanged } else { Put::Refused })
}
