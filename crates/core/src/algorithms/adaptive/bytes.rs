//! The bytes of an adaptive limit's state, little-endian:
//!
//! ```text
//!   8 time of the level, 16 level (signed), 1 flags (1 set, 2 reduced, 4 changed), then for each flag
//!   set:     8 capacity, 8 period
//!   reduced: 8 capacity, 8 time
//!   changed: 8 time, 8 capacity, 2 + n source, 2 + n reason (UTF-8)
//! ```

use alloc::vec::Vec;

use super::{AdaptiveState, Change, Note, REASON_BYTES_MAX, SOURCE_BYTES_MAX};
use crate::UNITS_MAX;
use crate::algorithms::recovery::Reduction;
use crate::bytes::{CorruptBytes, Reader};
use crate::time::{Span, Timestamp};

/// Most bytes there can be.
pub(crate) const ADAPTIVE_BYTES_MAX: usize =
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

    /// Reads a state that [`encode_into`](Self::encode_into) wrote.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, CorruptBytes> {
        let mut reader = Reader::new(bytes);
        let (at, level) = (read_time(&mut reader)?, reader.i128()?);
        let flags = reader.u8()?;
        if flags & !(SET | REDUCED | CHANGED) != 0 {
            return Err(CorruptBytes::Field("flags"));
        }
        let mut state = Self { at, level, ..Self::default() };
        if flags & SET != 0 {
            state.set = Some(read_set(&mut reader)?);
        }
        if flags & REDUCED != 0 {
            state.reduction = Some(read_reduction(&mut reader)?);
        }
        if flags & CHANGED != 0 {
            state.change = Some(read_change(&mut reader)?);
        }
        if reader.is_at_end() { Ok(state) } else { Err(CorruptBytes::Length(bytes.len())) }
    }
}

fn read_set(reader: &mut Reader<'_>) -> Result<(u64, Span), CorruptBytes> {
    let (capacity, period) = (read_units(reader)?, Span::from_nanos(reader.u64()?));
    let is_sane = capacity > 0 && period > Span::ZERO && period <= Span::MAX;
    if is_sane { Ok((capacity, period)) } else { Err(CorruptBytes::Field("set")) }
}

fn read_reduction(reader: &mut Reader<'_>) -> Result<Reduction, CorruptBytes> {
    let (to, since) = (read_units(reader)?, read_time(reader)?);
    // From nothing, nothing would ever recover.
    if to > 0 { Ok(Reduction { to, since }) } else { Err(CorruptBytes::Field("reduction")) }
}

fn read_change(reader: &mut Reader<'_>) -> Result<Change, CorruptBytes> {
    let (at, capacity) = (read_time(reader)?, read_units(reader)?);
    let note = Note::new(read_text(reader)?, read_text(reader)?);
    note.map(|note| Change { at, capacity, note }).ok_or(CorruptBytes::Field("note"))
}

fn read_units(reader: &mut Reader<'_>) -> Result<u64, CorruptBytes> {
    let units = reader.u64()?;
    if units <= UNITS_MAX { Ok(units) } else { Err(CorruptBytes::Field("capacity")) }
}

fn read_time(reader: &mut Reader<'_>) -> Result<Timestamp, CorruptBytes> {
    reader.u64().map(Timestamp::from_nanos)
}

fn read_text<'a>(reader: &mut Reader<'a>) -> Result<&'a str, CorruptBytes> {
    let length = reader.u16()?;
    let text = reader.take(usize::from(length))?;
    str::from_utf8(text).map_err(|_| CorruptBytes::Field("note"))
}
