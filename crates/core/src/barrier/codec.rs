//! The bytes of a barrier.
//!
//! Version 1, all numbers little-endian:
//!
//! ```text
//! offset  size  what
//!      0     1  kind: 42 ('B')
//!      1     1  version: 1
//!      2     8  generation; 0 when it was never created, and then all that follows is 0
//!     10     2  parties: 1 to 4000
//!     12     8  time to live in nanoseconds
//!     20     8  expires at: nanoseconds since the epoch
//!     28     1  1 when it is open, or 0
//!     29    16  the id of the party that opened it, or 0
//!     45    16  ids of those who arrived and have not left, ascending, each once:
//!               fewer than the parties while it is closed
//! ```
//!
//! Bytes that are read are the bytes that would be written: there is one form of each record.

use alloc::vec::Vec;

use super::{Barrier, PARTIES_MAX, TTL_MAX};
use crate::bytes::{CorruptBytes, Reader};
use crate::id::Id;
use crate::time::{Span, Timestamp};

const KIND: u8 = b'B';
const VERSION: u8 = 1;
const HEAD_BYTES: usize = 45;
const ID_BYTES: usize = 16;
/// Stands where there is no id.
const NOBODY: Id = Id::from_u128(0);

/// Longest encoded barrier in bytes: 64,045, less than 64 KiB.
pub const RECORD_BYTES_MAX: usize = HEAD_BYTES + PARTIES_MAX as usize * ID_BYTES;

impl Barrier {
    /// Reads a barrier that [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// [`CorruptBytes`] when the bytes are none. Every sequence of bytes gives a barrier or this error.
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptBytes> {
        let mut reader = Reader::open(bytes, KIND, VERSION, RECORD_BYTES_MAX)?;
        let mut barrier = Self {
            generation: reader.u64()?,
            parties: reader.u16()?,
            ttl: Span::from_nanos(reader.u64()?),
            expires_at: read_time(&mut reader)?,
            opened_by: read_opener(&mut reader)?,
            present: Vec::new(),
        };
        while !reader.is_at_end() {
            let id = reader.id()?;
            if barrier.present.last().is_some_and(|last| *last >= id) {
                return Err(CorruptBytes::Field("present"));
            }
            barrier.present.push(id);
        }
        match barrier.corrupt_field() {
            Some(field) => Err(CorruptBytes::Field(field)),
            None => Ok(barrier),
        }
    }

    /// Writes the barrier as bytes: at most [`RECORD_BYTES_MAX`].
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::from([KIND, VERSION]);
        bytes.extend_from_slice(&self.generation.to_le_bytes());
        bytes.extend_from_slice(&self.parties.to_le_bytes());
        bytes.extend_from_slice(&self.ttl.as_nanos().to_le_bytes());
        bytes.extend_from_slice(&self.expires_at.as_nanos().to_le_bytes());
        bytes.push(u8::from(self.opened_by.is_some()));
        bytes.extend_from_slice(&self.opened_by.unwrap_or(NOBODY).to_le_bytes());
        for id in &self.present {
            bytes.extend_from_slice(&id.to_le_bytes());
        }
        bytes
    }

    /// The first field that no barrier has like this.
    fn corrupt_field(&self) -> Option<&'static str> {
        if self.generation == 0 {
            return (*self != Self::new()).then_some("generation");
        }
        let parties = usize::from(self.parties);
        let present_max =
            if self.opened_by.is_some() { parties } else { parties.saturating_sub(1) };
        let fields = [
            ("parties", (1..=PARTIES_MAX).contains(&self.parties)),
            ("ttl", self.ttl > Span::ZERO && self.ttl <= TTL_MAX),
            ("present", self.present.len() <= present_max),
        ];
        fields.into_iter().find_map(|(field, is_valid)| (!is_valid).then_some(field))
    }
}

fn read_time(reader: &mut Reader<'_>) -> Result<Timestamp, CorruptBytes> {
    let nanos = reader.u64()?;
    let time = Timestamp::from_nanos(nanos);
    if time.as_nanos() == nanos { Ok(time) } else { Err(CorruptBytes::Field("expires_at")) }
}

fn read_opener(reader: &mut Reader<'_>) -> Result<Option<Id>, CorruptBytes> {
    match (reader.u8()?, reader.id()?) {
        (0, NOBODY) => Ok(None),
        (1, id) => Ok(Some(id)),
        _ => Err(CorruptBytes::Field("opened_by")),
    }
}
