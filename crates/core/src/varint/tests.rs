//! Every number has one spelling, and nothing else is a number.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test may panic")]

use proptest::prelude::*;

use super::*;
use crate::algorithms::rule::laws::{any_magnitude, config};

fn bytes_of(value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(&mut bytes, value);
    bytes
}

/// The examples of the DWARF standard, figure 22, and the ends of the range.
#[test]
fn spellings() {
    let longest = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    for (value, bytes) in [
        (0, &[0][..]),
        (2, &[2]),
        (127, &[127]),
        (128, &[0x80, 1]),
        (129, &[0x81, 1]),
        (12_857, &[57 + 0x80, 100]),
        (u64::MAX, &longest),
    ] {
        assert_eq!(bytes_of(value), bytes);
        assert_eq!(take(bytes), Some((value, &[][..])));
    }
    assert_eq!(longest.len(), VARINT_BYTES_MAX);
}

/// What ends too early, has more than 64 bits, or could be spelled shorter is no number.
#[test]
fn what_is_no_number() {
    let too_large = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2];
    let too_long = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81, 0];
    for bytes in [&[][..], &[0x80], &[0xff, 0xff], &[0x80, 0], &[0xff, 0], &too_large, &too_long] {
        assert_eq!(take(bytes), None, "{bytes:?}");
    }
}

proptest! {
    #![proptest_config(config())]

    /// A number is read as it was written, and what follows it is left.
    #[test]
    fn numbers_come_back(value in any_magnitude(), rest in any::<[u8; 3]>()) {
        let mut bytes = bytes_of(value);
        let bits = u64::BITS - (value | 1).leading_zeros();
        prop_assert_eq!(u32::try_from(bytes.len()), Ok(bits.div_ceil(7)));
        bytes.extend(rest);
        prop_assert_eq!(take(&bytes), Some((value, &rest[..])));
    }

    /// Whatever bytes are read as a number are the bytes that it is written as.
    #[test]
    fn every_number_has_one_spelling(
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), MORE.., Just(0)], 0..12),
    ) {
        if let Some((value, rest)) = take(&bytes) {
            let taken = bytes.len() - rest.len();
            prop_assert_eq!(bytes_of(value), &bytes[..taken]);
        }
    }
}
