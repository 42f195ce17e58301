//! A reduction as announced to others. Version 1, all numbers little-endian:
//!
//! ```text
//! offset  size  what
//!      0     1  version: 1
//!      1     8  when, in nanoseconds since the epoch
//!      9     8  what the capacity was reduced to, in units per period: 1 to 2^53 - 1
//!     17        three texts, each with its length in 2 bytes before it: the resource, who
//!               reduced it, and why
//! ```

use tollgate_core::{
    Change, CorruptBytes, Note, REASON_BYTES_MAX, SOURCE_BYTES_MAX, Timestamp, UNITS_MAX,
};

use crate::KEY_BYTES_MAX;

const VERSION: u8 = 1;
const HEAD_BYTES: usize = 1 + 8 + 8;

/// Longest announcement in bytes.
pub const ANNOUNCEMENT_BYTES_MAX: usize =
    HEAD_BYTES + 3 * 2 + KEY_BYTES_MAX + SOURCE_BYTES_MAX + REASON_BYTES_MAX;

/// A reduction of the capacity of a resource.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Announcement<'a> {
    pub(super) resource: &'a str,
    pub(super) change: Change,
}

impl<'a> Announcement<'a> {
    pub(super) fn encode(&self) -> Vec<u8> {
        let Change { at, capacity, note } = &self.change;
        let mut message = vec![VERSION];
        message.extend_from_slice(&at.as_nanos().to_le_bytes());
        message.extend_from_slice(&capacity.to_le_bytes());
        for text in [self.resource, note.source(), note.reason()] {
            // None is longer than 512 bytes.
            message.extend_from_slice(&(text.len() as u16).to_le_bytes());
            message.extend_from_slice(text.as_bytes());
        }
        message
    }

    /// Every sequence of bytes gives an announcement or an error.
    pub(super) fn decode(message: &'a [u8]) -> Result<Self, CorruptBytes> {
        let bad_length = CorruptBytes::Length(message.len());
        let (&version, rest) = message.split_first().ok_or(CorruptBytes::Empty)?;
        if version != VERSION {
            return Err(CorruptBytes::Version(version));
        }
        let (&at, rest) = rest.split_first_chunk().ok_or(bad_length)?;
        let (&capacity, rest) = rest.split_first_chunk().ok_or(bad_length)?;
        let (at, capacity) = (u64::from_le_bytes(at), u64::from_le_bytes(capacity));
        if !(1..=UNITS_MAX).contains(&capacity) {
            return Err(CorruptBytes::Field("capacity"));
        }
        let (resource, rest) = text(rest, "resource", bad_length)?;
        let (source, rest) = text(rest, "source", bad_length)?;
        let (reason, rest) = text(rest, "reason", bad_length)?;
        if !rest.is_empty() {
            return Err(bad_length);
        }
        let note = Note::new(source, reason).ok_or(CorruptBytes::Field("note"))?;
        Ok(Self { resource, change: Change { at: Timestamp::from_nanos(at), capacity, note } })
    }
}

/// The first text, and what follows it.
fn text<'a>(
    bytes: &'a [u8],
    field: &'static str,
    bad_length: CorruptBytes,
) -> Result<(&'a str, &'a [u8]), CorruptBytes> {
    let (&length, rest) = bytes.split_first_chunk().ok_or(bad_length)?;
    let (text, rest) =
        rest.split_at_checked(u16::from_le_bytes(length).into()).ok_or(bad_length)?;
    let text = std::str::from_utf8(text).map_err(|_| CorruptBytes::Field(field))?;
    Ok((text, rest))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn announcement(reason: &str) -> Announcement<'_> {
        let note = Note::new("worker-7", reason).unwrap();
        let change = Change { at: Timestamp::from_secs(1_800_000_000), capacity: 50, note };
        Announcement { resource: "chat", change }
    }

    /// Members of other builds read these bytes.
    #[test]
    fn golden_bytes() {
        let bytes = [
            &[1, 0, 0, 0xb4, 0x93, 0x76, 0xe2, 0xfa, 0x18, 50, 0, 0, 0, 0, 0, 0, 0, 4, 0][..],
            b"chat",
            &[8, 0],
            b"worker-7",
            &[3, 0],
            b"429",
        ]
        .concat();
        assert_eq!(announcement("429").encode(), bytes);
        assert_eq!(Announcement::decode(&bytes), Ok(announcement("429")));
    }

    /// A message that is cut off, too long, or of another build is an error that says so.
    #[test]
    fn corrupt_messages_are_refused() {
        let good = announcement("429").encode();
        assert_eq!(Announcement::decode(&[]), Err(CorruptBytes::Empty));
        for length in 1..good.len() {
            let error = Announcement::decode(&good[..length]).unwrap_err();
            assert_eq!(error, CorruptBytes::Length(length));
        }
        let longer = [&good[..], &[0]].concat();
        assert_eq!(Announcement::decode(&longer), Err(CorruptBytes::Length(longer.len())));
        for (at, byte, error) in [
            (0, 2, CorruptBytes::Version(2)),
            (9, 0, CorruptBytes::Field("capacity")),
            (16, 1, CorruptBytes::Field("capacity")),
            (19, 0xff, CorruptBytes::Field("resource")),
        ] {
            let mut bad = good.clone();
            bad[at] = byte;
            assert_eq!(Announcement::decode(&bad), Err(error));
        }
    }

    /// The longest texts there are make the longest message there is.
    #[test]
    fn the_longest_announcement() {
        let resource = "r".repeat(KEY_BYTES_MAX);
        let (source, reason) = ("s".repeat(SOURCE_BYTES_MAX), "w".repeat(REASON_BYTES_MAX));
        let note = Note::new(&source, &reason).unwrap();
        let change = Change { at: Timestamp::MAX, capacity: UNITS_MAX, note };
        let longest = Announcement { resource: &resource, change };
        assert_eq!(longest.encode().len(), ANNOUNCEMENT_BYTES_MAX);
        assert_eq!(Announcement::decode(&longest.encode()), Ok(longest));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Any bytes are an announcement that is written the same way again, or an error.
        #[test]
        fn decoding_is_total(mut bytes in proptest::collection::vec(any::<u8>(), 0..80), good in any::<bool>()) {
            if good {
                let mut message = announcement("429").encode();
                for (at, byte) in bytes.iter().zip(&bytes[bytes.len() / 2..]) {
                    let at = usize::from(*at) % message.len();
                    message[at] = *byte;
                }
                bytes = message;
            }
            if let Ok(read) = Announcement::decode(&bytes) {
                let time_is_clipped = read.change.at == Timestamp::MAX;
                prop_assert!(time_is_clipped || read.encode() == bytes);
            }
        }
    }
}
