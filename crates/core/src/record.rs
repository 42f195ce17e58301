//! What is remembered of one (policy, key), and its bytes.
//!
//! Version 1, all numbers little-endian:
//!
//! ```text
//! offset  size  what
//!      0     1  version: 1
//!      1        entries:
//!              4  tag: 32-bit FNV-1a of the limit's name
//!              1  kind: 1 = meter, 2 = budget (a meter that never refills)
//!              1  bytes that follow in this entry; 16 for these two kinds:
//!              8  TAT, whole nanoseconds since the epoch (a budget: units spent)
//!              8  TAT, numerator over the meter's denominator
//! ```
//!
//! Entries are found by tag, so a policy may gain, lose and reorder limits while records live: a
//! limit that the record does not know, or knows as another kind, starts fresh. An entry that this
//! policy or this build does not know is kept as it is, so that hosts that change over one after the
//! other do not erase what the others write; of such entries the latest are kept, at most
//! [`FOREIGN_BYTES_MAX`].

use alloc::vec::Vec;
use core::fmt;

use crate::limit::Limit;
use crate::meter::Tat;
use crate::policy::{LIMITS_MAX, Policy};

const VERSION: u8 = 1;
const KIND_METER: u8 = 1;
const KIND_BUDGET: u8 = 2;
/// Tag, kind and length.
const HEAD_BYTES: usize = 6;
const TAT_BYTES: u8 = 16;
const ENTRY_BYTES: usize = HEAD_BYTES + TAT_BYTES as usize;

/// Most bytes of entries that a record keeps for others.
pub const FOREIGN_BYTES_MAX: usize = 1_024;
/// Longest encoded record in bytes.
pub const RECORD_BYTES_MAX: usize = 1 + LIMITS_MAX * ENTRY_BYTES + FOREIGN_BYTES_MAX;

/// The state of one key under one policy: where each of its limits stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub(crate) tats: [Tat; LIMITS_MAX],
    /// Entries of others, as they came. Nearly always empty, which allocates nothing.
    foreign: Vec<u8>,
}

impl Record {
    /// The record of a key that was never seen: every limit is fresh.
    #[must_use]
    pub fn new(_policy: &Policy) -> Self {
        Self { tats: [Tat::default(); LIMITS_MAX], foreign: Vec::new() }
    }

    /// Reads a record that [`encode`](Self::encode) wrote, under this policy or another one.
    ///
    /// # Errors
    /// [`CorruptRecord`] when the bytes are no record of a version that this build knows. Every
    /// sequence of bytes gives a record or this error.
    pub fn decode(policy: &Policy, bytes: &[u8]) -> Result<Self, CorruptRecord> {
        let (&version, mut rest) = bytes.split_first().ok_or(CorruptRecord::Empty)?;
        if version != VERSION {
            return Err(CorruptRecord::Version(version));
        }
        let bad_length = CorruptRecord::Length(bytes.len());
        if bytes.len() > RECORD_BYTES_MAX {
            return Err(bad_length);
        }
        let mut record = Self::new(policy);
        let mut known = [false; LIMITS_MAX];
        let mut position = 0_usize;
        while !rest.is_empty() {
            let (entry, after) = Entry::split(rest).ok_or(bad_length)?;
            match entry.owner(policy, position) {
                Owner::Limit(index) => {
                    let tat = entry.tat().ok_or(bad_length)?;
                    match (known.get_mut(index), record.tats.get_mut(index)) {
                        (Some(known), Some(slot)) if !*known => (*known, *slot) = (true, tat),
                        _ => return Err(CorruptRecord::Repeated(entry.tag)),
                    }
                }
                Owner::Nobody => {}
                Owner::Others => record.keep(entry.bytes),
            }
            (rest, position) = (after, position.saturating_add(1));
        }
        Ok(record)
    }

    /// Writes the record as bytes.
    #[must_use]
    pub fn encode(&self, policy: &Policy) -> Vec<u8> {
        let entries = policy.limits().len().saturating_mul(ENTRY_BYTES);
        let mut bytes =
            Vec::with_capacity(entries.saturating_add(self.foreign.len()).saturating_add(1));
        self.encode_into(policy, &mut bytes);
        bytes
    }

    /// Appends the record's bytes to `out`: at most [`RECORD_BYTES_MAX`].
    pub fn encode_into(&self, policy: &Policy, out: &mut Vec<u8>) {
        out.push(VERSION);
        for (limit, tat) in policy.limits().iter().zip(&self.tats) {
            out.extend_from_slice(&encode_entry(limit, *tat));
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

/// Why bytes are no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorruptRecord {
    /// There is nothing.
    Empty,
    /// The version is not one that this build knows.
    Version(u8),
    /// The length, in bytes, is not one that a record of this version has.
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

/// One entry of an encoded record.
struct Entry<'a> {
    tag: u32,
    kind: u8,
    payload: &'a [u8],
    /// All of it, head included.
    bytes: &'a [u8],
}

/// Whose entry it is.
enum Owner {
    /// The limit at this position of the policy.
    Limit(usize),
    /// A limit that has this name, and has since come to count in another way.
    Nobody,
    /// A limit that this policy does not have, or a kind that this build does not know.
    Others,
}

impl<'a> Entry<'a> {
    /// The first entry, and what follows it.
    #[inline]
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&[t0, t1, t2, t3, kind, length], after_head) = bytes.split_first_chunk()?;
        let (payload, rest) = after_head.split_at_checked(usize::from(length))?;
        let (bytes, _) = bytes.split_at_checked(HEAD_BYTES.saturating_add(payload.len()))?;
        Some((Self { tag: u32::from_le_bytes([t0, t1, t2, t3]), kind, payload, bytes }, rest))
    }

    /// Nearly always the limit at the same position.
    #[inline]
    fn owner(&self, policy: &Policy, position: usize) -> Owner {
        let is_mine = |limit: &Limit| limit.tag() == self.tag && kind_of(limit) == self.kind;
        if policy.limits().get(position).is_some_and(is_mine) {
            return Owner::Limit(position);
        }
        let is_known = matches!(self.kind, KIND_METER | KIND_BUDGET);
        match policy.limits().iter().position(|limit| limit.tag() == self.tag) {
            Some(index) if policy.limits().get(index).is_some_and(is_mine) => Owner::Limit(index),
            Some(_) if is_known => Owner::Nobody,
            _ => Owner::Others,
        }
    }

    #[inline]
    fn tat(&self) -> Option<Tat> {
        let (&nanos, rest) = self.payload.split_first_chunk()?;
        let part = <[u8; 8]>::try_from(rest).ok()?;
        Some(Tat { nanos: u64::from_le_bytes(nanos), part: u64::from_le_bytes(part) })
    }
}

fn encode_entry(limit: &Limit, tat: Tat) -> [u8; ENTRY_BYTES] {
    let [t0, t1, t2, t3] = limit.tag().to_le_bytes();
    let [n0, n1, n2, n3, n4, n5, n6, n7] = tat.nanos.to_le_bytes();
    let [p0, p1, p2, p3, p4, p5, p6, p7] = tat.part.to_le_bytes();
    let kind = kind_of(limit);
    [
        t0, t1, t2, t3, kind, TAT_BYTES, n0, n1, n2, n3, n4, n5, n6, n7, p0, p1, p2, p3, p4, p5,
        p6, p7,
    ]
}

const fn kind_of(limit: &Limit) -> u8 {
    if limit.meter().is_frozen() { KIND_BUDGET } else { KIND_METER }
}
