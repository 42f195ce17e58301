//! The log of one tenant: what happened last, and which capacities may be recovering.
//!
//! One record, replaced as a whole by compare-and-swap. It is for rare events: each entry costs a load and a swap
//! of a few kilobytes.

use std::collections::VecDeque;

use tollgate_core::{CorruptBytes, Timestamp};

use super::news::{Entry, Kind, Subject};

/// Most entries: a client that was away for longer is told that it missed some.
pub(crate) const ENTRIES_MAX: usize = 128;

/// Most bytes of all entries together, so that the record stays small enough to swap. The longest possible entry,
/// of texts in which JSON has to escape every byte, is a fifth of that.
const ENTRIES_BYTES_MAX: usize = 32 << 10;

/// Most limits whose recovery is watched: those that were reduced last.
pub(crate) const REDUCED_MAX: usize = 32;

/// The first bytes of the record, so that no other record is taken for it: the kind and the version.
const HEAD: [u8; 2] = [b'W', 1];

/// Bits of an id that count entries; those above are the second in which the log began. So a store that lost its
/// log begins one with higher ids, and who followed the other one is told that it is gone.
const COUNT_BITS: u32 = 28;

/// What happened, in order. Ids have no gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Log {
    /// The id of the oldest entry kept, or of the next entry if there is none.
    first_id: u64,
    entries: VecDeque<Entry>,
    /// Ordered by when each was last reduced, the latest at the end.
    reduced: Vec<Subject>,
}

impl Default for Log {
    fn default() -> Self {
        Self { first_id: 1, entries: VecDeque::new(), reduced: Vec::new() }
    }
}

impl Log {
    /// A log that begins now.
    pub(crate) fn begun(now: Timestamp) -> Self {
        let secs = now.as_nanos() / 1_000_000_000;
        Self { first_id: (secs << COUNT_BITS) + 1, ..Self::default() }
    }

    /// The id of the latest entry ever pushed; 0 before the first.
    pub(crate) fn last_id(&self) -> u64 {
        self.first_id.saturating_add(self.entries.len() as u64).saturating_sub(1)
    }

    /// The entries kept after this id, with their ids.
    pub(crate) fn after(&self, id: u64) -> impl Iterator<Item = (u64, &Entry)> {
        let ids = self.first_id..;
        ids.zip(&self.entries).skip_while(move |(there, _)| *there <= id)
    }

    /// The id before that of the oldest entry kept.
    pub(crate) fn id_before(&self) -> u64 {
        self.first_id.saturating_sub(1)
    }

    /// How many entries after this id are no longer kept; 0 is before all of them. An id that this log never
    /// assigned comes from a log that was lost: then everything was missed, and how much is unknown.
    pub(crate) fn missed_after(&self, id: u64) -> Option<Missed> {
        let (began, last) = (self.last_id() >> COUNT_BITS, self.last_id());
        let id = if id == 0 { began << COUNT_BITS } else { id };
        if id > last || id >> COUNT_BITS != began {
            return Some(Missed::Everything);
        }
        let gone = self.id_before().saturating_sub(id);
        (gone > 0).then_some(Missed::Entries(gone))
    }

    /// The limits reduced most recently, which may be recovering.
    pub(crate) fn reduced(&self) -> &[Subject] {
        &self.reduced
    }

    /// Adds an entry, and drops the oldest ones there is no room for.
    pub(crate) fn push(&mut self, entry: Entry) {
        if matches!(entry.kind, Kind::Capacity | Kind::Reduced) {
            self.reduced.retain(|there| *there != entry.subject);
        }
        if entry.kind == Kind::Reduced {
            self.reduced.push(entry.subject.clone());
            let surplus = self.reduced.len().saturating_sub(REDUCED_MAX);
            self.reduced.drain(..surplus);
        }
        self.entries.push_back(entry);
        let mut bytes: usize = self.entries.iter().map(bytes_of).sum();
        while self.entries.len() > ENTRIES_MAX || bytes > ENTRIES_BYTES_MAX {
            let Some(oldest) = self.entries.pop_front() else { break };
            bytes = bytes.saturating_sub(bytes_of(&oldest));
            self.first_id = self.first_id.saturating_add(1);
        }
    }

    /// The record.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = HEAD.to_vec();
        out.extend(self.first_id.to_le_bytes());
        put_count(&mut out, self.entries.len());
        for entry in &self.entries {
            let code = Kind::ALL.iter().position(|kind| *kind == entry.kind).unwrap_or_default();
            out.push(u8::try_from(code + 1).unwrap_or_default());
            put_subject(&mut out, &entry.subject);
            put_text(&mut out, &entry.data);
        }
        put_count(&mut out, self.reduced.len());
        self.reduced.iter().for_each(|subject| put_subject(&mut out, subject));
        out
    }

    /// Decodes a record; any bytes give a log or an error.
    pub(crate) fn decode(record: &[u8]) -> Result<Self, CorruptBytes> {
        let ([kind, version], rest) =
            record.split_first_chunk().ok_or(CorruptBytes::Length(record.len()))?;
        let [wanted, known] = HEAD;
        if *kind != wanted {
            return Err(CorruptBytes::Kind { wanted, found: *kind });
        }
        if *version != known {
            return Err(CorruptBytes::Version(*version));
        }
        let mut reader = Reader(rest);
        let log = reader.log().filter(|_| reader.0.is_empty());
        log.ok_or(CorruptBytes::Length(record.len()))
    }
}

/// What was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missed {
    Entries(u64),
    Everything,
}

fn bytes_of(entry: &Entry) -> usize {
    let Subject { policy, key, limit } = &entry.subject;
    policy.len() + key.len() + limit.len() + entry.data.len()
}

/// Counts are at most 128, and lengths a few kilobytes: both fit.
fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend(u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_count(out, text.len());
    out.extend(text.as_bytes());
}

fn put_subject(out: &mut Vec<u8>, subject: &Subject) {
    for text in [&subject.policy, &subject.key, &subject.limit] {
        put_text(out, text);
    }
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn log(&mut self) -> Option<Log> {
        let first_id = u64::from_le_bytes(self.array()?);
        let count = self.count()?;
        let entries = (0..count).map(|_| self.entry()).collect::<Option<_>>()?;
        let count = self.count()?;
        let reduced = (0..count).map(|_| self.subject()).collect::<Option<_>>()?;
        (first_id > 0).then_some(Log { first_id, entries, reduced })
    }

    fn entry(&mut self) -> Option<Entry> {
        let [code] = self.array()?;
        let kind = *Kind::ALL.get(usize::from(code).checked_sub(1)?)?;
        let (subject, data) = (self.subject()?, self.text()?);
        // A line break in the data would let it inject events into the stream.
        let is_line = !data.contains(['\n', '\r']);
        is_line.then(|| Entry { kind, subject, data: data.to_owned() })
    }

    fn subject(&mut self) -> Option<Subject> {
        let mut name = || self.text().map(str::to_owned);
        Some(Subject { policy: name()?, key: name()?, limit: name()? })
    }

    fn text(&mut self) -> Option<&'a str> {
        let bytes = self.count()?;
        let (text, rest) = self.0.split_at_checked(bytes.into())?;
        self.0 = rest;
        str::from_utf8(text).ok()
    }

    fn count(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (&taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests;
