//! What a limiter remembers, to be saved and restored.

use std::fmt;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tollgate_core::{CorruptRecord, RECORD_BYTES_MAX, Record};
use tollgate_store::Clock;

use crate::{KEYS_MAX, Limiter, LimiterError, is_key};

/// The only version of the format that there is.
const VERSION: u32 = 1;

/// The keys of a limiter that are still needed, and their records.
///
/// Its form, in any format of serde: a `version`, 1, and `records`, a list of pairs: the key, and the
/// record's bytes in lower-case hexadecimal. They are the bytes that stores keep, and they tell time by the
/// clock on the wall, so a limiter of another process goes on where this one stopped.
///
/// It is read with bounds: [`KEYS_MAX`] pairs, keys of 1 to [`KEY_BYTES_MAX`](crate::KEY_BYTES_MAX) bytes, records of at
/// most [`RECORD_BYTES_MAX`]. An error says which pair is wrong, and what with it.
///
/// ```
/// use tollgate::{Limit, Limiter, ManualClock, Policy, Snapshot, Span, Timestamp};
/// let policy = Policy::new([Limit::token_bucket("requests", 3, 3, Span::from_secs(60))?])?;
/// let limiter = Limiter::with_clock(policy.clone(), 1_000, ManualClock::default());
/// limiter.clock().set(Timestamp::from_secs(1_800_000_000));
/// assert!(limiter.try_acquire("alice", policy.costs([("requests", 2)])?)?.is_allowed());
///
/// let saved = serde_json::to_string(&limiter.snapshot())?;
/// assert!(saved.starts_with(r#"{"version":1,"records":[["alice","01"#));
///
/// let read: Snapshot = serde_json::from_str(&saved)?;
/// let restored = Limiter::with_clock(policy, 1_000, ManualClock::default());
/// restored.clock().set(Timestamp::from_secs(1_800_000_001));
/// restored.restore(&read)?;
/// assert_eq!(restored.peek("alice")?[0].remaining, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    #[serde(deserialize_with = "version")]
    version: u32,
    records: Records,
}

/// Why a snapshot is not restored, or not to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// The bytes of a record are none.
    #[error("records[{index}].record: {error}")]
    Record {
        /// The pair's position.
        index: usize,
        /// What is wrong with it.
        error: CorruptRecord,
    },
    /// The limiter has this key already.
    #[error("records[{0}].key: the limiter has it already")]
    Taken(usize),
    /// The limiter has no room for it.
    #[error("records[{index}]: {error}")]
    Limiter {
        /// The pair's position.
        index: usize,
        /// Why.
        error: LimiterError,
    },
}

impl<C: Clock> Limiter<C> {
    /// What it remembers. Other threads may go on deciding: each key is as it was at some time during the
    /// call. Keys that are not needed any more are left out.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { version: VERSION, records: Records(self.records()) }
    }

    /// Adds the keys of a snapshot, which this limiter does not have yet. Of another policy's records, the
    /// limits of the same name and kind carry on.
    ///
    /// # Errors
    /// [`RestoreError`] says which pair is wrong. When a record is corrupt, no key was added.
    pub fn restore(&self, snapshot: &Snapshot) -> Result<(), RestoreError> {
        let pairs = snapshot.records.0.iter().enumerate();
        let decoded = pairs.map(|(index, (key, bytes))| {
            let record = Record::decode(self.policy(), bytes);
            Ok((index, key, record.map_err(|error| RestoreError::Record { index, error })?))
        });
        for (index, key, record) in decoded.collect::<Result<Vec<_>, RestoreError>>()? {
            let is_new = self.add(key, record);
            if !is_new.map_err(|error| RestoreError::Limiter { index, error })? {
                return Err(RestoreError::Taken(index));
            }
        }
        Ok(())
    }
}

/// Keys and the bytes of their records.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Records(Vec<(Box<str>, Vec<u8>)>);

impl Serialize for Records {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let hex = |(key, bytes): &(Box<str>, Vec<u8>)| {
            (key.clone(), base16ct::lower::encode_string(bytes))
        };
        serializer.collect_seq(self.0.iter().map(hex))
    }
}

impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(RecordsVisitor)
    }
}

struct RecordsVisitor;

impl<'de> Visitor<'de> for RecordsVisitor {
    type Value = Records;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of pairs, each a key and a record")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Records, A::Error> {
        let mut records = Vec::new();
        while let Some((key, hex)) = list.next_element::<(Box<str>, String)>()? {
            let index = records.len();
            if index == KEYS_MAX {
                return Err(A::Error::custom(format!("records: must be at most {KEYS_MAX}")));
            }
            records.push(
                pair(key, &hex)
                    .map_err(|message| A::Error::custom(format!("records[{index}].{message}")))?,
            );
        }
        Ok(Records(records))
    }
}

fn pair(key: Box<str>, hex: &str) -> Result<(Box<str>, Vec<u8>), String> {
    if !is_key(&key) {
        return Err(LimiterError::Key(key.len()).to_string());
    }
    let bytes = (hex.len() <= 2 * RECORD_BYTES_MAX).then(|| base16ct::lower::decode_vec(hex));
    match bytes {
        Some(Ok(bytes)) => Ok((key, bytes)),
        _ => Err(format!("record: must be hexadecimal of at most {RECORD_BYTES_MAX} bytes")),
    }
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        VERSION => Ok(VERSION),
        other => Err(D::Error::custom(format!("version: must be {VERSION}, not {other}"))),
    }
}
