//! What a sliding log remembers, and its bytes.
//!
//! ```text
//! of each entry, oldest first, as LEB128:
//!   nanoseconds since the entry before it, 1 or more; of the first one: since the epoch
//!   units, 1 or more
//! ```

use alloc::vec;
use alloc::vec::Vec;

use crate::varint::{VARINT_BYTES_MAX, put, take};

/// Most charges that a log remembers: what keeps a record in the order of ten kilobytes.
pub const LOG_ENTRIES_MAX: usize = 1_024;
/// Most bytes that a log takes: two numbers of the longest kind per entry, which no log ever has. At
/// ten charges of one unit per second it is 5 bytes per entry.
pub(crate) const LOG_BYTES_MAX: usize = LOG_ENTRIES_MAX * 2 * VARINT_BYTES_MAX;

/// The charges that may still be in the window, oldest first, at different times: at most
/// [`LOG_ENTRIES_MAX`]. The default, no charges, is a key that was never seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Log {
    entries: Vec<Entry>,
    /// All of their units, which bytes may say to be more than 64 bits of them.
    units: u128,
}

/// What was charged at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// In nanoseconds since the epoch.
    pub(crate) time: u64,
    /// At least 1.
    pub(crate) units: u64,
}

impl Log {
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The time of the newest charge.
    pub(crate) fn newest_ns(&self) -> Option<u64> {
        self.entries.last().map(|entry| entry.time)
    }

    /// All units.
    pub(crate) fn units(&self) -> u64 {
        u64::try_from(self.units).unwrap_or(u64::MAX)
    }

    /// The charges of which `has_left` is not true. It has to be true up to some time, and not after.
    pub(crate) fn since(&self, has_left: impl Fn(u64) -> bool) -> &[Entry] {
        let left = self.entries.partition_point(|entry| has_left(entry.time));
        self.entries.get(left..).unwrap_or_default()
    }

    /// Drops the charges of which `has_left` is true. It has to be true up to some time, and not after.
    pub(crate) fn forget(&mut self, has_left: impl Fn(u64) -> bool) {
        if !self.entries.first().is_some_and(|oldest| has_left(oldest.time)) {
            return;
        }
        let units = &mut self.units;
        self.entries.retain(|entry| {
            let leaves = has_left(entry.time);
            let gone = if leaves { entry.units } else { 0 };
            *units = units.saturating_sub(gone.into());
            !leaves
        });
    }

    /// Adds a charge, at the time of the newest one if that is later. When there are as many entries
    /// as there may be, the newest one takes it over and moves to its time, so that nothing leaves
    /// earlier than it should.
    pub(crate) fn note(&mut self, time_ns: u64, units: u64) {
        if units == 0 {
            return;
        }
        let is_full = self.entries.len() >= LOG_ENTRIES_MAX;
        let mut added = units;
        match self.entries.last_mut() {
            Some(newest) if is_full || time_ns <= newest.time => {
                newest.time = newest.time.max(time_ns);
                added = units.min(u64::MAX.saturating_sub(newest.units));
                newest.units = newest.units.saturating_add(added);
            }
            Some(_) => self.entries.push(Entry { time: time_ns, units }),
            // Most keys are seen once; a vector of its own accord makes room for four.
            None => self.entries = vec![Entry { time: time_ns, units }],
        }
        self.units = self.units.saturating_add(added.into());
    }

    /// Appends the log's bytes to `out`: at most [`LOG_BYTES_MAX`].
    pub(crate) fn encode_into(&self, out: &mut Vec<u8>) {
        let mut before_ns = 0;
        for entry in &self.entries {
            put(out, entry.time.saturating_sub(before_ns));
            put(out, entry.units);
            before_ns = entry.time;
        }
    }

    /// Reads what [`encode_into`](Self::encode_into) wrote; `None` for any other bytes.
    pub(crate) fn decode(mut bytes: &[u8]) -> Option<Self> {
        let mut log = Self::default();
        while !bytes.is_empty() {
            let (later_ns, rest) = take(bytes)?;
            let (units, rest) = take(rest)?;
            let time = match log.newest_ns() {
                None => later_ns,
                Some(_) if later_ns == 0 => return None,
                Some(before_ns) => before_ns.checked_add(later_ns)?,
            };
            if units == 0 || log.entries.len() >= LOG_ENTRIES_MAX {
                return None;
            }
            log.entries.push(Entry { time, units });
            log.units = log.units.saturating_add(units.into());
            bytes = rest;
        }
        Some(log)
    }
}

#[cfg(test)]
pub(crate) mod tests;
