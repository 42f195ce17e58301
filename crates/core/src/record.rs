//! What is remembered of one (policy, key), and its bytes.
//!
//! Version 1, all numbers little-endian:
//!
//! ```text
//! offset  size  what
//!      0     1  version: 1
//!      1    21  one entry per limit of the policy that wrote it:
//!              4  tag: 32-bit FNV-1a of the limit's name
//!              1  kind: 1 = meter, 2 = budget (a meter that never refills)
//!              8  TAT, whole nanoseconds since the epoch (a budget: units spent)
//!              8  TAT, numerator over the meter's denominator
//! ```
//!
//! Entries are found by tag, so a policy may gain, lose and reorder limits while records live: a
//! limit that the record does not know, or knows as another kind, starts fresh.

use alloc::vec::Vec;
use core::fmt;

use crate::limit::Limit;
use crate::meter::Tat;
use crate::policy::{LIMITS_MAX, Policy};

const VERSION: u8 = 1;
const ENTRY_BYTES: usize = 21;
const KIND_METER: u8 = 1;
const KIND_BUDGET: u8 = 2;

/// Longest encoded record in bytes.
pub const RECORD_BYTES_MAX: usize = 1 + LIMITS_MAX * ENTRY_BYTES;

/// The state of one key under one policy: where each of its limits stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub(crate) tats: [Tat; LIMITS_MAX],
    count: usize,
}

impl Record {
    /// The record of a key that was never seen: every limit is fresh.
    #[must_use]
    pub fn new(policy: &Policy) -> Self {
        Self { tats: [Tat::default(); LIMITS_MAX], count: policy.limits().len() }
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
        let mut record = Self::new(policy);
        let mut known = [false; LIMITS_MAX];
        let mut position = 0_usize;
        while !rest.is_empty() {
            if position == LIMITS_MAX {
                return Err(CorruptRecord::Length(bytes.len()));
            }
            let (entry, after) = rest
                .split_first_chunk::<ENTRY_BYTES>()
                .ok_or(CorruptRecord::Length(bytes.len()))?;
            let entry = Entry::decode(entry)?;
            if let Some(index) = entry.index_in(policy, position) {
                match (known.get_mut(index), record.tats.get_mut(index)) {
                    (Some(known), Some(tat)) if !*known => (*known, *tat) = (true, entry.tat),
                    _ => return Err(CorruptRecord::Repeated(entry.tag)),
                }
            }
            (rest, position) = (after, position.saturating_add(1));
        }
        Ok(record)
    }

    /// Writes the record as bytes.
    #[must_use]
    pub fn encode(&self, policy: &Policy) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(RECORD_BYTES_MAX);
        self.encode_into(policy, &mut bytes);
        bytes
    }

    /// Appends the record's bytes to `out`: at most [`RECORD_BYTES_MAX`].
    pub fn encode_into(&self, policy: &Policy, out: &mut Vec<u8>) {
        out.push(VERSION);
        for (limit, tat) in policy.limits().iter().zip(&self.tats) {
            let entry = Entry { tag: limit.tag(), kind: kind_of(limit), tat: *tat };
            out.extend_from_slice(&entry.encode());
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
    /// An entry is of a kind that this version does not have.
    Kind(u8),
    /// A limit occurs twice.
    Repeated(u32),
}

impl fmt::Display for CorruptRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "the record is empty"),
            Self::Version(version) => write!(f, "the record has the unknown version {version}"),
            Self::Length(bytes) => write!(f, "a record is never {bytes} bytes long"),
            Self::Kind(kind) => write!(f, "the record has an entry of the unknown kind {kind}"),
            Self::Repeated(tag) => write!(f, "the record has the entry {tag:08x} twice"),
        }
    }
}

impl core::error::Error for CorruptRecord {}

#[derive(Clone, Copy)]
struct Entry {
    tag: u32,
    kind: u8,
    tat: Tat,
}

impl Entry {
    fn decode(bytes: &[u8; ENTRY_BYTES]) -> Result<Self, CorruptRecord> {
        let [t0, t1, t2, t3, kind, numbers @ ..] = *bytes;
        if !matches!(kind, KIND_METER | KIND_BUDGET) {
            return Err(CorruptRecord::Kind(kind));
        }
        let [n0, n1, n2, n3, n4, n5, n6, n7, p0, p1, p2, p3, p4, p5, p6, p7] = numbers;
        Ok(Self {
            tag: u32::from_le_bytes([t0, t1, t2, t3]),
            kind,
            tat: Tat {
                nanos: u64::from_le_bytes([n0, n1, n2, n3, n4, n5, n6, n7]),
                part: u64::from_le_bytes([p0, p1, p2, p3, p4, p5, p6, p7]),
            },
        })
    }

    fn encode(self) -> [u8; ENTRY_BYTES] {
        let [t0, t1, t2, t3] = self.tag.to_le_bytes();
        let [n0, n1, n2, n3, n4, n5, n6, n7] = self.tat.nanos.to_le_bytes();
        let [p0, p1, p2, p3, p4, p5, p6, p7] = self.tat.part.to_le_bytes();
        [t0, t1, t2, t3, self.kind, n0, n1, n2, n3, n4, n5, n6, n7, p0, p1, p2, p3, p4, p5, p6, p7]
    }

    /// Which limit this entry is of; nearly always the one at the same position.
    fn index_in(&self, policy: &Policy, position: usize) -> Option<usize> {
        let is_mine = |limit: &Limit| limit.tag() == self.tag && kind_of(limit) == self.kind;
        match policy.limits().get(position) {
            Some(limit) if is_mine(limit) => Some(position),
            _ => policy.limits().iter().position(is_mine),
        }
    }
}

const fn kind_of(limit: &Limit) -> u8 {
    if limit.meter().is_frozen() { KIND_BUDGET } else { KIND_METER }
}
