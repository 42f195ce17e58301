//! A record's bytes. Version 1, all numbers little-endian:
//!
//! ```text
//! offset  size  what
//!      0     1  version: 1
//!      1        entries:
//!              4  tag: 32-bit FNV-1a of the limit's name; 0 for entries of the whole record
//!              1  kind
//!             1+  length of the payload in bytes (LEB128)
//!                 the payload, by kind:
//!    1 meter     TAT: 8 whole nanoseconds since the epoch, 8 numerator over the meter's denominator
//!    2 budget    the same of a meter that never refills: 8 units spent, 8 zero
//!    3 window    8 start of the window, 8 used
//!    4 counter   8 start of the window, 8 used in it, 8 used in the window before
//!    5 log       see `sliding_log/entries.rs`
//!    6 adaptive  see `adaptive/bytes.rs`
//!   16 hold      16 id, 8 expiry, then 4 tag and LEB128 units per limit
//!   17 block     8 end of the block
//!   18 once      16 per request id, oldest first
//!   20 revision  8 revision of the policy that it was written under; left out for 0
//! ```
//!
//! A limit that stands as if never used has no entry. Entries are found by tag, so a policy may gain,
//! lose and reorder limits while records live: a limit that the record does not know, or knows as
//! another kind, starts fresh. An entry that this policy or this build does not know is kept as it is,
//! so that hosts that change over one after the other do not erase what the others write; of such
//! entries the latest are kept, at most [`FOREIGN_BYTES_MAX`].

use alloc::vec::Vec;
use core::fmt;

use crate::algorithms::adaptive::ADAPTIVE_BYTES_MAX;
use crate::algorithms::sliding_log::LOG_BYTES_MAX;
use crate::apply::outcome::LimitSet;
use crate::id::Id;
use crate::policy::limit::Limit;
use crate::policy::{LIMITS_MAX, LOGS_MAX, Policy};
use crate::record::Record;
use crate::record::entry::{self, Entry};
use crate::record::held::HeldUnits;
use crate::record::holds::{HOLDS_MAX, Hold};
use crate::record::once::REQUEST_IDS_MAX;
use crate::time::Timestamp;
use crate::varint;

pub(super) const VERSION: u8 = 1;
/// Tag, kind, and the length of anything below 2 MiB.
const HEAD_BYTES_MAX: usize = 5 + 3;
/// Most bytes of a limit that is no log: an adaptive one.
const STATE_BYTES_MAX: usize = HEAD_BYTES_MAX + ADAPTIVE_BYTES_MAX;
/// Id, expiry, and a tag and units per limit.
const HOLD_BYTES_MAX: usize = HEAD_BYTES_MAX + 24 + LIMITS_MAX * (4 + varint::VARINT_BYTES_MAX);

/// Most bytes of entries that a record keeps for others.
pub const FOREIGN_BYTES_MAX: usize = 1_024;
/// Longest encoded record in bytes. One of meters and windows alone has at most 353.
pub const RECORD_BYTES_MAX: usize = 1
    + LIMITS_MAX * STATE_BYTES_MAX
    + LOGS_MAX * (HEAD_BYTES_MAX + LOG_BYTES_MAX)
    + HOLDS_MAX * HOLD_BYTES_MAX
    + 3 * HEAD_BYTES_MAX
    + 2 * 8
    + REQUEST_IDS_MAX * 16
    + FOREIGN_BYTES_MAX;

/// A record of few limits fits into so many bytes without growing.
const USUAL_BYTES: usize = 64;

impl Record {
    /// Reads a record that [`encode`](Self::encode) wrote, under this policy or another one.
    ///
    /// # Errors
    /// [`CorruptRecord`] when the bytes are no record of a version that this build knows. Every
    /// sequence of bytes gives a record or this error.
    pub fn decode(policy: &Policy, bytes: &[u8]) -> Result<Self, CorruptRecord> {
        let mut record = Self::new(policy);
        record.read(policy, bytes)?;
        Ok(record)
    }

    fn read(&mut self, policy: &Policy, bytes: &[u8]) -> Result<(), CorruptRecord> {
        let (&version, mut rest) = bytes.split_first().ok_or(CorruptRecord::Empty)?;
        if version != VERSION {
            return Err(CorruptRecord::Version(version));
        }
        let bad_length = CorruptRecord::Length(bytes.len());
        if bytes.len() > RECORD_BYTES_MAX {
            return Err(bad_length);
        }
        let mut known = Known::default();
        while !rest.is_empty() {
            let (entry, after) = Entry::split(rest).ok_or(bad_length)?;
            match owner(&entry, policy, known.count) {
                Owner::Limit(index) => {
                    let state = self.states.get_mut(index).ok_or(bad_length)?;
                    entry::read_state(state, entry.payload).ok_or(bad_length)?;
                    if !known.add(index) {
                        return Err(CorruptRecord::Repeated(entry.tag));
                    }
                }
                Owner::Record => self.read_shared(&entry).ok_or(bad_length)?,
                Owner::Nobody => {}
                Owner::Others => {
                    let length = rest.len().saturating_sub(after.len());
                    self.keep(rest.get(..length).unwrap_or_default());
                }
            }
            rest = after;
        }
        let are_several = self.holds.iter().len() > 1;
        if are_several && self.holds.have_repeated_id() { Err(bad_length) } else { Ok(()) }
    }

    /// Reads an entry of the whole record.
    fn read_shared(&mut self, entry: &Entry<'_>) -> Option<()> {
        match entry.kind {
            entry::HOLD => {
                let hold = take_hold(entry.payload)?;
                if self.holds.are_full() {
                    return None;
                }
                self.holds.insert(hold);
            }
            entry::BLOCK => {
                let [until] = entry::words(entry.payload)?;
                self.blocked_until = self.blocked_until.max(Timestamp::from_nanos(until));
            }
            entry::REVISION => {
                let [revision] = entry::words(entry.payload)?;
                self.revision = self.revision.max(revision);
            }
            _ => {
                let (ids, rest) = entry.payload.as_chunks::<16>();
                if !rest.is_empty() || ids.len() > REQUEST_IDS_MAX {
                    return None;
                }
                for id in ids {
                    self.once.remember(Id::from_le_bytes(*id));
                }
            }
        }
        Some(())
    }

    /// Writes the record as bytes.
    #[must_use]
    pub fn encode(&self, policy: &Policy) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(USUAL_BYTES);
        self.encode_into(policy, &mut bytes);
        bytes
    }

    /// Appends the record's bytes to `out`: at most [`RECORD_BYTES_MAX`].
    pub fn encode_into(&self, policy: &Policy, out: &mut Vec<u8>) {
        out.push(VERSION);
        for (limit, state) in policy.limits().iter().zip(self.states.iter()) {
            if !state.is_fresh() {
                entry::put_state(out, limit.tag(), entry::kind_of(limit.rule()), state);
            }
        }
        if !self.is_quiet() {
            self.encode_more(out);
        }
    }

    /// Appends everything but the states of the limits, which is rarely anything.
    #[inline(never)]
    fn encode_more(&self, out: &mut Vec<u8>) {
        let mut payload = Vec::new();
        for hold in self.holds.iter() {
            payload.clear();
            put_hold(&mut payload, hold);
            entry::put(out, 0, entry::HOLD, &payload);
        }
        if self.blocked_until > Timestamp::EPOCH {
            let until = self.blocked_until.as_nanos().to_le_bytes();
            entry::put(out, 0, entry::BLOCK, &until);
        }
        if !self.once.is_empty() {
            let mut ids = Vec::with_capacity(REQUEST_IDS_MAX * 16);
            for id in self.once.iter() {
                ids.extend_from_slice(&id.to_le_bytes());
            }
            entry::put(out, 0, entry::ONCE, &ids);
        }
        if self.revision > 0 {
            entry::put(out, 0, entry::REVISION, &self.revision.to_le_bytes());
        }
        out.extend_from_slice(&self.foreign);
    }

    /// Keeps an entry of others. Those that were written last come first, so the oldest are left out.
    fn keep(&mut self, entry: &[u8]) {
        if self.foreign.len().saturating_add(entry.len()) <= FOREIGN_BYTES_MAX {
            self.foreign.extend_from_slice(entry);
        }
    }
}

fn put_hold(payload: &mut Vec<u8>, hold: &Hold) {
    payload.extend_from_slice(&hold.id.to_le_bytes());
    payload.extend_from_slice(&hold.expires.as_nanos().to_le_bytes());
    for (tag, units) in hold.units.iter() {
        payload.extend_from_slice(&tag.to_le_bytes());
        varint::put(payload, units);
    }
}

fn take_hold(payload: &[u8]) -> Option<Hold> {
    let (&id, rest) = payload.split_first_chunk()?;
    let (&expires, mut rest) = rest.split_first_chunk()?;
    let mut units = HeldUnits::default();
    while !rest.is_empty() {
        let (&tag, after_tag) = rest.split_first_chunk()?;
        let (held, after) = varint::take(after_tag)?;
        let tag = u32::from_le_bytes(tag);
        if units.of(tag).is_some() || units.len() >= LIMITS_MAX {
            return None;
        }
        units.add(tag, held);
        rest = after;
    }
    let expires = Timestamp::from_nanos(u64::from_le_bytes(expires));
    Some(Hold { id: Id::from_le_bytes(id), expires, units })
}

/// Which limits were read.
#[derive(Default)]
struct Known {
    limits: LimitSet,
    count: usize,
}

impl Known {
    /// Whether this limit had not been read before.
    #[inline]
    fn add(&mut self, index: usize) -> bool {
        self.count = self.count.saturating_add(1);
        let is_new = !self.limits.contains(index);
        self.limits.insert(index);
        is_new
    }
}

/// Whose entry it is.
enum Owner {
    /// The limit at this position of the policy.
    Limit(usize),
    /// The record as a whole.
    Record,
    /// A limit with this name that now counts in another way.
    Nobody,
    /// A limit that this policy does not have, or a kind that this build does not know.
    Others,
}

/// Nearly always the limit that comes after the one before.
#[inline]
fn owner(entry: &Entry<'_>, policy: &Policy, expected: usize) -> Owner {
    let is_mine =
        |limit: &Limit| limit.tag() == entry.tag && entry::kind_of(limit.rule()) == entry.kind;
    if policy.limits().get(expected).is_some_and(is_mine) {
        return Owner::Limit(expected);
    }
    if entry.tag == 0 && matches!(entry.kind, entry::HOLD..=entry::ONCE | entry::REVISION) {
        return Owner::Record;
    }
    let is_known = matches!(entry.kind, entry::METER..=entry::ADAPTIVE);
    match policy.limits().iter().position(|limit| limit.tag() == entry.tag) {
        Some(index) if policy.limits().get(index).is_some_and(is_mine) => Owner::Limit(index),
        Some(_) if is_known => Owner::Nobody,
        _ => Owner::Others,
    }
}

/// Why bytes are not a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorruptRecord {
    /// There is nothing.
    Empty,
    /// This build does not know the version.
    Version(u8),
    /// Its bytes, whose number this is, are not entries of this version from end to end.
    Length(usize),
    /// A limit occurs twice.
    Repeated(u32),
}

impl fmt::Display for CorruptRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "the record is empty"),
            Self::Version(version) => write!(f, "the record has the unknown version {version}"),
            Self::Length(bytes) => write!(f, "the record's entries do not fill its {bytes} bytes"),
            Self::Repeated(tag) => write!(f, "the record has the entry {tag:08x} twice"),
        }
    }
}

impl core::error::Error for CorruptRecord {}
