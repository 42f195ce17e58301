//! What the bytes of a record tell of the key as a whole, whatever the policy is.

use crate::record::Record;
use crate::record::codec::{CorruptRecord, VERSION};
use crate::record::entry::{self, Entry};
use crate::time::Timestamp;

impl Record {
    /// The [revision](Self::revision) that these bytes tell, whatever the policy is.
    ///
    /// # Errors
    /// [`CorruptRecord`] when the bytes are no entries of a version that this build knows.
    pub fn revision_in(bytes: &[u8]) -> Result<u64, CorruptRecord> {
        largest_in(bytes, entry::REVISION)
    }

    /// When the key is blocked no more, as these bytes tell it, whatever the policy is: the epoch for one that never was.
    ///
    /// ```
    /// use tollgate_core::{Limit, Operation, Policy, Record, Span, Timestamp};
    /// let policy = Policy::new([Limit::token_bucket("requests", 3, 3, Span::from_secs(60))?])?;
    /// let (now, minute) = (Timestamp::from_secs(1_800_000_000), Span::from_secs(60));
    /// let mut record = Record::new(&policy);
    /// let _ = policy.apply(&mut record, &Operation::Block(minute), now);
    /// assert_eq!(Record::blocked_until_in(&record.encode(&policy))?, now.plus(minute));
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CorruptRecord`] when the bytes are no entries of a version that this build knows.
    pub fn blocked_until_in(bytes: &[u8]) -> Result<Timestamp, CorruptRecord> {
        largest_in(bytes, entry::BLOCK).map(Timestamp::from_nanos)
    }
}

/// The number that entries of the whole record have under this kind: of several the largest, as the record is read.
fn largest_in(bytes: &[u8], kind: u8) -> Result<u64, CorruptRecord> {
    let (&version, mut rest) = bytes.split_first().ok_or(CorruptRecord::Empty)?;
    if version != VERSION {
        return Err(CorruptRecord::Version(version));
    }
    let bad_length = CorruptRecord::Length(bytes.len());
    let mut largest = 0;
    while !rest.is_empty() {
        let (entry, after) = Entry::split(rest).ok_or(bad_length)?;
        if (entry.tag, entry.kind) == (0, kind) {
            let [told] = entry::words(entry.payload).ok_or(bad_length)?;
            largest = told.max(largest);
        }
        rest = after;
    }
    Ok(largest)
}
