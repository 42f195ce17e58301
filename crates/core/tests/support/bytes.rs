//! Bytes as tests want them: read as numbers, and damaged as stores may damage them.

use proptest::prelude::*;
use proptest::sample::Index;

/// A little-endian number.
pub(crate) fn number(bytes: &[u8]) -> u128 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// What may happen to bytes in a store.
#[derive(Debug, Clone)]
pub(crate) enum Damage {
    Set(Index, u8),
    Truncate(Index),
    Append(Vec<u8>),
    /// A run of bytes is written over another one.
    Copy(Index, Index, usize),
}

pub(crate) fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        4 => (any::<Index>(), prop_oneof![0..=2_u8, any::<u8>()]).prop_map(|(at, byte)| Damage::Set(at, byte)),
        1 => any::<Index>().prop_map(Damage::Truncate),
        1 => proptest::collection::vec(any::<u8>(), 1..100).prop_map(Damage::Append),
        2 => (any::<Index>(), any::<Index>(), 1..50_usize).prop_map(|(from, to, length)| Damage::Copy(from, to, length)),
    ]
}

impl Damage {
    pub(crate) fn apply(self, bytes: &mut Vec<u8>) {
        let length = bytes.len();
        match self {
            Self::Truncate(at) => bytes.truncate(at.index(length + 1)),
            Self::Append(more) => bytes.extend(more),
            Self::Set(at, byte) if length > 0 => bytes[at.index(length)] = byte,
            Self::Copy(from, to, run) if length >= run => {
                let (from, to) = (from.index(length - run + 1), to.index(length - run + 1));
                bytes.copy_within(from..from + run, to);
            }
            _ => {}
        }
    }
}
