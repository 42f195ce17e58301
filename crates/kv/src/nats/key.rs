//! Keys as NATS takes them.
//!
//! A NATS key is part of a subject, where spaces, dots and wildcards have a meaning. So everything except
//! letters, digits, `-`, `_` and `/` is written as `=` and two hexadecimal digits for each byte:
//! the keys of records stay readable, and every key has one form.

use crate::contract::KEY_BYTES_MAX;

const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// Longest encoded key: three bytes for each byte. A NATS server takes 4,096 for a whole command.
const ENCODED_BYTES_MAX: usize = 3 * KEY_BYTES_MAX;

/// The key in NATS, after `prefix`.
pub(super) fn encode(prefix: &str, key: &str) -> String {
    let mut encoded = String::with_capacity(prefix.len() + key.len());
    encoded.push_str(prefix);
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('=');
            encoded.push(char::from(DIGITS[usize::from(byte >> 4)]));
            encoded.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    encoded
}

/// The key that is encoded as `encoded`, or `None` if there is none.
pub(super) fn decode(encoded: &str) -> Option<String> {
    if encoded.len() > ENCODED_BYTES_MAX {
        return None;
    }
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'=' {
            digit(rest.next()?)? << 4 | digit(rest.next()?)?
        } else {
            byte
        });
    }
    let key = String::from_utf8(bytes).ok()?;
    // Other programs may encode the same key in another form, which is another key to NATS.
    (encode("", &key) == encoded && (1..=KEY_BYTES_MAX).contains(&key.len())).then_some(key)
}

fn digit(byte: u8) -> Option<u8> {
    let value = DIGITS.iter().position(|digit| *digit == byte)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_key_of_a_record_can_be_read() {
        assert_eq!(encode("$KV.tollgate.", "r/llm/team-7"), "$KV.tollgate.r/llm/team-7");
        assert_eq!(encode("", "a.b c=*>\0é"), "a=2Eb=20c=3D=2A=3E=00=C3=A9");
    }

    #[test]
    fn what_no_key_becomes_is_none() {
        for encoded in ["", "=", "=4", "=4G", "=2e", "=61", "a.b", "=FF", &"a".repeat(257)] {
            assert_eq!(decode(encoded), None, "{encoded:?}");
        }
    }

    proptest! {
        #[test]
        fn every_key_reads_back(key in "\\PC{1,60}|.{1,60}") {
            let encoded = encode("", &key);
            prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_/=".contains(&byte)));
            prop_assert_eq!(decode(&encoded), Some(key));
        }
    }
}
