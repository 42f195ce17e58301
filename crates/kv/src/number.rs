//! The numbers that [`KeyValue::increment`](crate::KeyValue::increment) adds to.

/// The number in `value` plus `delta`, unless the value is not a number or the sum overflows.
pub(crate) fn add(value: Option<&[u8]>, delta: i64) -> Option<i64> {
    let number = match value {
        None => 0,
        Some(bytes) => i64::from_le_bytes(bytes.try_into().ok()?),
    };
    number.checked_add(delta)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_counts_as_zero() {
        assert_eq!(add(None, -7), Some(-7));
    }

    #[test]
    fn bytes_are_little_endian_and_signed() {
        assert_eq!(add(Some(&[1, 1, 0, 0, 0, 0, 0, 0]), 0), Some(257));
        assert_eq!(add(Some(&[0xff; 8]), 0), Some(-1));
    }

    #[test]
    fn only_eight_bytes_are_a_number() {
        assert_eq!(add(Some(&[]), 1), None);
        assert_eq!(add(Some(&[0; 7]), 1), None);
        assert_eq!(add(Some(&[0; 9]), 1), None);
    }

    #[test]
    fn a_sum_that_does_not_fit_is_no_sum() {
        assert_eq!(add(Some(&i64::MAX.to_le_bytes()), 1), None);
        assert_eq!(add(Some(&i64::MIN.to_le_bytes()), -1), None);
    }
}
