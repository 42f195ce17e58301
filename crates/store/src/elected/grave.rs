//! What stands under the key of a record that was removed, until the key itself is.
//!
//! ```text
//! offset  size  what
//!      0     1  0xfe: removed, 0xfd: the key is being deleted
//!      1     8  since when (nanoseconds, little-endian)
//! ```
//!
//! No record begins with such a byte: records begin with their version, which is 1.

use tollgate_core::Timestamp;

const REMOVED: u8 = 0xfe;
const CLOSING: u8 = 0xfd;

/// A record that was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grave {
    /// Somebody is deleting the key.
    pub(super) closing: bool,
    /// Since when it is so.
    pub(super) since: Timestamp,
}

impl Grave {
    pub(super) fn encode(self) -> [u8; 9] {
        let mut bytes = [if self.closing { CLOSING } else { REMOVED }; 9];
        bytes[1..].copy_from_slice(&self.since.as_nanos().to_le_bytes());
        bytes
    }

    /// The grave that `value` is; `None` when it is a record.
    pub(super) fn decode(value: &[u8]) -> Option<Self> {
        let (kind, since) = value.split_first()?;
        let closing = match *kind {
            REMOVED => false,
            CLOSING => true,
            _ => return None,
        };
        let since = u64::from_le_bytes(since.try_into().ok()?);
        Some(Self { closing, since: Timestamp::from_nanos(since) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grave_reads_back_and_a_record_is_none() {
        for closing in [false, true] {
            for nanos in [0, 1, 1_800_000_000_000_000_000, Timestamp::MAX.as_nanos()] {
                let grave = Grave { closing, since: Timestamp::from_nanos(nanos) };
                assert_eq!(Grave::decode(&grave.encode()), Some(grave));
            }
        }
        let grave = Grave { closing: false, since: Timestamp::EPOCH }.encode();
        for record in [&b""[..], &[1], &[1, 0, 0, 0, 0, 0, 0, 0, 0], &grave[..8], &[0xfe; 10]] {
            assert_eq!(Grave::decode(record), None, "{record:?}");
        }
    }
}
