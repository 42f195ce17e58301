//! What the bytes of a record tell of the key as a whole, whatever the policy is.

use crate::id::Id;
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

    /// When the block of the key ends, according to these bytes, whatever the policy is: the epoch if it never had one.
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

    /// When the hold under this id expires, as these bytes tell it, whatever the policy is; `None` when there is none.
    /// An expired one is reported until the record is next written.
    ///
    /// ```
    /// use tollgate_core::{Acquire, Hold, Id, Limit, Policy, Record, Span, Timestamp};
    /// let policy = Policy::new([Limit::token_bucket("requests", 3, 3, Span::from_secs(60))?])?;
    /// let (now, minute) = (Timestamp::from_secs(1_800_000_000), Span::from_secs(60));
    /// let hold = Hold::new(Id::from_u128(7), minute).unwrap();
    /// let mut record = Record::new(&policy);
    /// let _ = policy.apply(&mut record, &Acquire::new(policy.costs([])?).held(hold).into(), now);
    /// let bytes = record.encode(&policy);
    /// assert_eq!(Record::hold_expires_in(&bytes, hold.id())?, Some(now.plus(minute)));
    /// assert_eq!(Record::hold_expires_in(&bytes, Id::from_u128(8))?, None);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CorruptRecord`] when the bytes are no entries of a version that this build knows.
    pub fn hold_expires_in(bytes: &[u8], id: Id) -> Result<Option<Timestamp>, CorruptRecord> {
        let mut expires = None;
        for_each(bytes, entry::HOLD, |payload| {
            let (held, rest) = payload.split_first_chunk()?;
            let (nanos, _) = rest.split_first_chunk()?;
            if Id::from_le_bytes(*held) == id {
                expires = Some(Timestamp::from_nanos(u64::from_le_bytes(*nanos)));
            }
            Some(())
        })?;
        Ok(expires)
    }
}

/// The number that entries of the whole record have under this kind: of several the largest, as the record is read.
fn largest_in(bytes: &[u8], kind: u8) -> Result<u64, CorruptRecord> {
    let mut largest = 0;
    for_each(bytes, kind, |payload| {
        let [told] = entry::words(payload)?;
        largest = told.max(largest);
        Some(())
    })?;
    Ok(largest)
}

/// Reads the payload of each whole-record entry of this kind. `read` returns `None` if the payload is too short or too
/// long.
fn for_each(
    bytes: &[u8],
    kind: u8,
    mut read: impl FnMut(&[u8]) -> Option<()>,
) -> Result<(), CorruptRecord> {
    let (&version, mut rest) = bytes.split_first().ok_or(CorruptRecord::Empty)?;
    if version != VERSION {
        return Err(CorruptRecord::Version(version));
    }
    let bad_length = CorruptRecord::Length(bytes.len());
    while !rest.is_empty() {
        let (entry, after) = Entry::split(rest).ok_or(bad_length)?;
        if (entry.tag, entry.kind) == (0, kind) {
            read(entry.payload).ok_or(bad_length)?;
        }
        rest = after;
    }
    Ok(())
}
