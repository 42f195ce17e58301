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
use crate::bytes::Cursor;
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

    /// The state that these bytes are, if they are one.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        let at = time(&mut cursor)?;
        let level = i128::from_le_bytes(cursor.array()?);
        let [flags] = cursor.array()?;
        if flags & !(SET | REDUCED | CHANGED) != 0 {
            return None;
        }
        let mut state = Self { at, level, ..Self::default() };
        if flags & SET != 0 {
            let (capacity, period) = (units(&mut cursor)?, Span::from_nanos(cursor.u64()?));
            let sane = period > Span::ZERO && period <= Span::MAX;
            state.set = Some((capacity, period)).filter(|_| sane && capacity > 0);
            state.set?;
        }
        if flags & REDUCED != 0 {
            let (to, since) = (units(&mut cursor)?, time(&mut cursor)?);
            // From nothing, nothing would ever recover.
            state.reduction = (to > 0).then_some(Reduction { to, since });
            state.reduction?;
        }
        if flags & CHANGED != 0 {
            let (at, capacity) = (time(&mut cursor)?, units(&mut cursor)?);
            let note = Note::new(text(&mut cursor)?, text(&mut cursor)?)?;
            state.change = Some(Change { at, capacity, note });
        }
        cursor.is_at_end().then_some(state)
    }
}

fn units(cursor: &mut Cursor<'_>) -> Option<u64> {
    cursor.u64().filter(|units| *units <= UNITS_MAX)
}

fn time(cursor: &mut Cursor<'_>) -> Option<Timestamp> {
    cursor.u64().map(Timestamp::from_nanos)
}

fn text<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let length = u16::from_le_bytes(cursor.array()?);
    str::from_utf8(cursor.slice(length.into())?).ok()
}
