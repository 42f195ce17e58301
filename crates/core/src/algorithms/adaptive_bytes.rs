//! The bytes of an adaptive limit's state, little-endian:
//!
//! ```text
//!   8 time of the level, 16 level (signed), 1 flags (1 set, 2 reduced, 4 changed), then for each flag
//!   set:     8 capacity, 8 period
//!   reduced: 8 capacity, 8 time
//!   changed: 8 time, 8 capacity, 2 + n source, 2 + n reason (UTF-8)
//! ```

use alloc::vec::Vec;

use crate::UNITS_MAX;
use crate::algorithms::adaptive::{
    AdaptiveState, Change, Note, REASON_BYTES_MAX, SOURCE_BYTES_MAX,
};
use crate::algorithms::recovery::Reduction;
use crate::time::{Span, Timestamp};

/// Most bytes there can be.
pub(crate) const BYTES_MAX: usize =
    25 + 16 + 16 + 16 + (2 + SOURCE_BYTES_MAX) + (2 + REASON_BYTES_MAX);

const SET: u8 = 1;
const REDUCED: u8 = 2;
const CHANGED: u8 = 4;

impl AdaptiveState {
    /// Appends the state's bytes.
    pub(crate) fn encode_into(&self, out: &mut Vec<u8>) {
        let flag = |is: bool, flag: u8| if is { flag } else { 0 };
        out.extend_from_slice(&self.at.as_nanos().to_le_bytes());
        out.extend_from_slice(&self.level.to_le_bytes());
        out.push(
            flag(self.set.is_some(), SET)
                | flag(self.reduction.is_some(), REDUCED)
                | flag(self.change.is_some(), CHANGED),
        );
        let mut words = |a: u64, b: u64| {
            out.extend_from_slice(&a.to_le_bytes());
            out.extend_from_slice(&b.to_le_bytes());
        };
        if let Some((capacity, period)) = self.set {
            words(capacity, period.as_nanos());
        }
        if let Some(Reduction { to, since }) = self.reduction {
            words(to, since.as_nanos());
        }
        if let Some(change) = &self.change {
            words(change.at.as_nanos(), change.capacity);
            for text in [change.note.source(), change.note.reason()] {
                out.extend_from_slice(&(text.len() as u16).to_le_bytes());
                out.extend_from_slice(text.as_bytes());
            }
        }
    }

    /// The state that these bytes are, if they are one.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let at = reader.time()?;
        let level = i128::from_le_bytes(*reader.take()?);
        let [flags] = *reader.take()?;
        if flags & !(SET | REDUCED | CHANGED) != 0 {
            return None;
        }
        let mut state = Self { at, level, ..Self::default() };
        if flags & SET != 0 {
            let (capacity, period) = (reader.units()?, Span::from_nanos(reader.word()?));
            let sane = period > Span::ZERO && period <= Span::MAX;
            state.set = Some((capacity, period)).filter(|_| sane && capacity > 0);
            state.set?;
        }
        if flags & REDUCED != 0 {
            let (to, since) = (reader.units()?, reader.time()?);
            // From nothing, nothing would ever recover.
            state.reduction = (to > 0).then_some(Reduction { to, since });
            state.reduction?;
        }
        if flags & CHANGED != 0 {
            let (at, capacity) = (reader.time()?, reader.units()?);
            let note = Note::new(reader.text()?, reader.text()?)?;
            state.change = Some(Change { at, capacity, note });
        }
        reader.0.is_empty().then_some(state)
    }
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(taken)
    }

    fn word(&mut self) -> Option<u64> {
        self.take().map(|bytes| u64::from_le_bytes(*bytes))
    }

    fn units(&mut self) -> Option<u64> {
        self.word().filter(|units| *units <= UNITS_MAX)
    }

    fn time(&mut self) -> Option<Timestamp> {
        self.word().map(Timestamp::from_nanos)
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = u16::from_le_bytes(*self.take()?);
        let (text, rest) = self.0.split_at_checked(length.into())?;
        self.0 = rest;
        str::from_utf8(text).ok()
    }
}
