//! The bytes of cooldowns.
//!
//! Version 1, all numbers little-endian:
//!
//! ```text
//! size  what
//!    1  kind: 43 ('C')
//!    1  version: 1
//!       events by ascending id, each id once:
//!   16  id
//!    8  source
//!    8  recorded at: nanoseconds since the epoch
//!    8  duration in nanoseconds
//!    2  safety factor in thousandths
//!    1  bytes of the code: 1 to 64
//!       code, UTF-8
//!    1  bytes of the label: 1 to 64, or 0 for none
//!       label, UTF-8
//! ```
//!
//! Bytes that are read are the bytes that would be written: there is one form of each record.

use alloc::vec::Vec;

use super::event::{Event, EventError, TEXT_BYTES_MAX};
use super::{Cooldown, Cooldowns, EVENTS_MAX};
use crate::bytes::{CorruptBytes, Reader};
use crate::time::{Span, Timestamp};

const KIND: u8 = b'C';
const VERSION: u8 = 1;
/// Kind and version.
const HEAD_BYTES: usize = 2;
/// An event without its texts.
const NUMBERS_BYTES: usize = 16 + 8 + 8 + 8 + 2 + 1 + 1;

/// Longest encoded record of cooldowns in bytes.
pub const RECORD_BYTES_MAX: usize = HEAD_BYTES + EVENTS_MAX * (NUMBERS_BYTES + 2 * TEXT_BYTES_MAX);

impl Cooldowns {
    /// Reads cooldowns that [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// [`CorruptBytes`] when the bytes are none. Every sequence of bytes gives cooldowns or this error.
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptBytes> {
        let mut reader = Reader::open(bytes, KIND, VERSION, RECORD_BYTES_MAX)?;
        let mut all: Vec<Cooldown> = Vec::new();
        while !reader.is_at_end() {
            let cooldown = Cooldown::read(&mut reader)?;
            if all.last().is_some_and(|last| last.event.id() >= cooldown.event.id()) {
                return Err(CorruptBytes::Field("id"));
            }
            if all.len() >= EVENTS_MAX {
                return Err(CorruptBytes::Length(bytes.len()));
            }
            all.push(cooldown);
        }
        Ok(Self { all })
    }

    /// Writes the cooldowns as bytes: at most [`RECORD_BYTES_MAX`].
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::from([KIND, VERSION]);
        for cooldown in &self.all {
            cooldown.write(&mut bytes);
        }
        bytes
    }
}

impl Cooldown {
    fn read(reader: &mut Reader<'_>) -> Result<Self, CorruptBytes> {
        let (id, source) = (reader.id()?, reader.u64()?);
        let (recorded_at, duration) = (reader.u64()?, reader.u64()?);
        if recorded_at > Timestamp::MAX.as_nanos() {
            return Err(CorruptBytes::Field("recorded_at"));
        }
        let safety_permille = reader.u16()?;
        let code = read_text(reader, "code")?;
        let label = read_text(reader, "label")?;
        let corrupt = |error: EventError| CorruptBytes::Field(error.field());
        let mut event = Event::new(id, source, code, Span::from_nanos(duration))
            .and_then(|event| event.with_safety(safety_permille))
            .map_err(corrupt)?;
        if !label.is_empty() {
            event = event.with_label(label).map_err(corrupt)?;
        }
        Ok(Self { event, recorded_at: Timestamp::from_nanos(recorded_at) })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let Self { event, recorded_at } = self;
        out.extend_from_slice(&event.id().to_le_bytes());
        out.extend_from_slice(&event.source().to_le_bytes());
        out.extend_from_slice(&recorded_at.as_nanos().to_le_bytes());
        out.extend_from_slice(&event.duration().as_nanos().to_le_bytes());
        out.extend_from_slice(&event.safety_permille().to_le_bytes());
        write_text(event.code(), out);
        write_text(event.label().unwrap_or_default(), out);
    }
}

fn read_text<'a>(reader: &mut Reader<'a>, field: &'static str) -> Result<&'a str, CorruptBytes> {
    let length = reader.u8()?;
    let bytes = reader.take(usize::from(length))?;
    str::from_utf8(bytes).map_err(|_| CorruptBytes::Field(field))
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    // An event's texts have at most 64 bytes.
    out.push(text.len() as u8);
    out.extend_from_slice(text.as_bytes());
}
