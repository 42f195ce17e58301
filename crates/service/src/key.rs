//! Keys of callers, and the keys under which their records are stored.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Longest key of a caller, in bytes of UTF-8.
pub const KEY_BYTES_MAX: usize = 512;

/// Longest key of a store that is used as it is. Spin's stores take 256 bytes, and an edge needs some
/// of them for keys of its own.
const STORE_KEY_BYTES_MAX: usize = 220;

/// Whether `key` is one: 1 to [`KEY_BYTES_MAX`] bytes. Every character is allowed.
pub(crate) const fn is_key(key: &str) -> bool {
    !key.is_empty() && key.len() <= KEY_BYTES_MAX
}

/// Where the record of (policy, key) is stored: `r/{policy}/{key}`, or `h/{policy}/{SHA-256}` where
/// that is too long. No policy name has a slash, so no two pairs share a record.
///
/// ```
/// use tollgate_service::{policy_of, record_key};
///
/// assert_eq!(record_key("api", "alice"), "r/api/alice");
/// assert_eq!(policy_of("r/api/alice"), Some("api"));
/// ```
#[must_use]
pub fn record_key(policy: &str, key: &str) -> String {
    let plain = ["r/", policy, "/", key].concat();
    if plain.len() <= STORE_KEY_BYTES_MAX {
        return plain;
    }
    let mut hashed = format!("h/{policy}/");
    for byte in Sha256::digest(key) {
        // Writing to a string does not fail.
        let _ = write!(hashed, "{byte:02x}");
    }
    hashed
}

/// The name of the policy whose record is stored under `record_key`; nothing when that is no key of a
/// record.
#[must_use]
pub fn policy_of(record_key: &str) -> Option<&str> {
    let rest = record_key.strip_prefix("r/").or_else(|| record_key.strip_prefix("h/"))?;
    let (policy, key) = rest.split_once('/')?;
    (!key.is_empty()).then_some(policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_keys_stand_as_they_are_and_long_ones_are_hashed() {
        assert_eq!(record_key("api", "a/b\n"), "r/api/a/b\n");
        let (longest, too_long) = ("k".repeat(220 - 6), "k".repeat(221 - 6));
        assert_eq!(record_key("api", &longest), format!("r/api/{longest}"));
        assert!(record_key("api", &too_long).starts_with("h/api/"));
        assert_eq!(record_key("api", &too_long).len(), 6 + 64);
        assert_ne!(record_key("api", &too_long), record_key("api", &"l".repeat(500)));
        let longest_policy = "p".repeat(64);
        assert_eq!(record_key(&longest_policy, &"k".repeat(512)).len(), 3 + 64 + 64);
    }

    #[test]
    fn the_policy_is_read_back_from_the_key_of_a_record() {
        for key in ["alice", "a/b", "/", &"k".repeat(KEY_BYTES_MAX)] {
            assert_eq!(policy_of(&record_key("api", key)), Some("api"), "{key:?}");
        }
        for foreign in ["", "r", "r/", "r/api", "r/api/", "s/0/r/api/alice", "m/r/api/k", "x/api/k"]
        {
            assert_eq!(policy_of(foreign), None, "{foreign:?}");
        }
    }

    #[test]
    fn the_hash_is_sha_256() {
        let key = "a".repeat(512);
        let expected = "471be6558b665e4f6dd49f1184814d1491b0315d466beea768c153cc5500c836";
        assert_eq!(record_key("p", &key), format!("h/p/{expected}"));
    }
}
