//! Keys of callers, and the keys under which their records are stored.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Longest store key that is used as it is. Spin's stores take 256 bytes, and an edge needs some of them for keys
/// of its own.
const STORE_KEY_BYTES_MAX: usize = 220;

/// Where the record of (policy, key) is stored: `r/{policy}/{key}`, or `r/{tenant}:{policy}/{key}` for a tenant;
/// with `h` for `r` and the SHA-256 of the key if that is too long. No name has a colon or a slash, so no two
/// pairs share a record.
///
/// ```
/// use tollgate_service::{policy_of, record_key};
///
/// assert_eq!(record_key(None, "api", "alice"), "r/api/alice");
/// assert_eq!(record_key(Some("acme"), "api", "alice"), "r/acme:api/alice");
/// assert_eq!(policy_of("r/acme:api/alice"), Some("api"));
/// ```
#[must_use]
pub fn record_key(tenant: Option<&str>, policy: &str, key: &str) -> String {
    match tenant {
        None => stored(["r/", policy, "/"], ["h/", policy, "/"], key),
        Some(tenant) => {
            let policy = [tenant, ":", policy].concat();
            stored(["r/", &policy, "/"], ["h/", &policy, "/"], key)
        }
    }
}

/// Where the events of an upstream are stored: `c/{tenant}/{upstream}`, or `hc/{tenant}/{SHA-256}`.
pub(crate) fn events_key(tenant: Option<&str>, upstream: &str) -> String {
    let tenant = tenant.unwrap_or_default();
    stored(["c/", tenant, "/"], ["hc/", tenant, "/"], upstream)
}

/// Whether events are stored under `record_key`.
pub(crate) fn is_events_key(record_key: &str) -> bool {
    record_key.starts_with("c/") || record_key.starts_with("hc/")
}

/// Where a barrier is stored: `b/{tenant}/{barrier}`, or `hb/{tenant}/{SHA-256}`.
pub(crate) fn barrier_key(tenant: Option<&str>, barrier: &str) -> String {
    let tenant = tenant.unwrap_or_default();
    stored(["b/", tenant, "/"], ["hb/", tenant, "/"], barrier)
}

/// Whether `record_key` is this tenant's, and of a kind that becomes idle: the record of a key, or the events of an
/// upstream.
pub(crate) fn is_swept_for(tenant: Option<&str>, record_key: &str) -> bool {
    if let Some((owner, _)) = owner_of(record_key) {
        return owner == tenant;
    }
    let events = record_key.strip_prefix("c/").or_else(|| record_key.strip_prefix("hc/"));
    let owner = events.and_then(|rest| rest.split_once('/')).map(|(owner, _)| owner);
    owner == Some(tenant.unwrap_or_default())
}

/// Whether `record_key` belongs to a whole tenant: the log of its keys, or its live policies. A host that places
/// every record separately finds it at its own place, whichever record a request is about.
#[must_use]
pub fn is_of_tenant(record_key: &str) -> bool {
    record_key.starts_with("w/") || record_key.starts_with("p/")
}

/// Where the log of a tenant's keys is stored: `w/{tenant}`.
pub(crate) fn watch_key(tenant: Option<&str>) -> String {
    ["w/", tenant.unwrap_or_default()].concat()
}

/// Where the live policies of a tenant are stored: `p/{tenant}`.
pub(crate) fn policies_key(tenant: Option<&str>) -> String {
    ["p/", tenant.unwrap_or_default()].concat()
}

/// Whose live policies are stored under `record_key`; `None` if it is another kind of key.
pub(crate) fn tenant_of_policies(record_key: &str) -> Option<Option<&str>> {
    let tenant = record_key.strip_prefix("p/")?;
    Some((!tenant.is_empty()).then_some(tenant))
}

/// The name behind one prefix, or hashed behind another if that is too long.
fn stored(plain: [&str; 3], hashed: [&str; 3], name: &str) -> String {
    let bytes: usize = plain.iter().map(|part| part.len()).sum();
    if bytes + name.len() <= STORE_KEY_BYTES_MAX {
        let [kind, owner, slash] = plain;
        return [kind, owner, slash, name].concat();
    }
    let mut key = hashed.concat();
    for byte in Sha256::digest(name) {
        // Writing to a string can't fail.
        let _ = write!(key, "{byte:02x}");
    }
    key
}

/// The name of the policy whose record is stored under `record_key`; `None` if it is no key of a record.
#[must_use]
pub fn policy_of(record_key: &str) -> Option<&str> {
    owner_of(record_key).map(|(_, policy)| policy)
}

/// The key whose record is stored under `record_key`; `None` if it was hashed, or if `record_key` is no key of a
/// record.
///
/// ```
/// use tollgate_service::{key_of, record_key};
///
/// assert_eq!(key_of("r/acme:api/a/b"), Some("a/b"));
/// assert_eq!(key_of(&record_key(None, "api", &"k".repeat(512))), None);
/// ```
#[must_use]
pub fn key_of(record_key: &str) -> Option<&str> {
    let (_, key) = record_key.strip_prefix("r/")?.split_once('/')?;
    (!key.is_empty()).then_some(key)
}

/// The tenant and the policy of a record.
pub(crate) fn owner_of(record_key: &str) -> Option<(Option<&str>, &str)> {
    let rest = record_key.strip_prefix("r/").or_else(|| record_key.strip_prefix("h/"))?;
    let (owner, key) = rest.split_once('/')?;
    let split = owner.split_once(':').map(|(tenant, policy)| (Some(tenant), policy));
    (!key.is_empty()).then_some(split.unwrap_or((None, owner)))
}

#[cfg(test)]
mod tests {
    use tollgate_core::KEY_BYTES_MAX;

    use super::*;

    #[test]
    fn short_keys_stand_as_they_are_and_long_ones_are_hashed() {
        assert_eq!(record_key(None, "api", "a/b\n"), "r/api/a/b\n");
        let (longest, too_long) = ("k".repeat(220 - 6), "k".repeat(221 - 6));
        assert_eq!(record_key(None, "api", &longest), format!("r/api/{longest}"));
        assert!(record_key(None, "api", &too_long).starts_with("h/api/"));
        assert_eq!(record_key(None, "api", &too_long).len(), 6 + 64);
        assert_ne!(record_key(None, "api", &too_long), record_key(None, "api", &"l".repeat(500)));
        let longest_policy = "p".repeat(64);
        assert_eq!(record_key(None, &longest_policy, &"k".repeat(512)).len(), 3 + 64 + 64);
    }

    #[test]
    fn no_two_tenants_and_no_two_kinds_share_a_record() {
        let keys = [
            record_key(None, "a", "b"),
            record_key(Some("t"), "a", "b"),
            record_key(Some("a"), "b", "b"),
            events_key(None, "a/b"),
            events_key(Some("a"), "b"),
            barrier_key(None, "a/b"),
            barrier_key(Some("a"), "b"),
            watch_key(None),
            watch_key(Some("a")),
            policies_key(None),
            policies_key(Some("a")),
        ];
        let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len(), "{keys:?}");
        let longest = "t".repeat(64);
        let key = record_key(Some(&longest), &longest, &"k".repeat(512));
        assert_eq!(key.len(), 2 + 64 + 1 + 64 + 1 + 64, "it fits every store");
    }

    #[test]
    fn the_policy_is_read_back_from_the_key_of_a_record() {
        for key in ["alice", "a/b", "/", &"k".repeat(KEY_BYTES_MAX)] {
            assert_eq!(policy_of(&record_key(None, "api", key)), Some("api"), "{key:?}");
        }
        for foreign in ["", "r", "r/", "r/api", "r/api/", "s/0/r/api/alice", "m/r/api/k", "x/api/k"]
        {
            assert_eq!(policy_of(foreign), None, "{foreign:?}");
        }
    }

    #[test]
    fn a_tenant_sweeps_its_own_records_and_events_and_nothing_else() {
        for tenant in [None, Some("acme")] {
            for key in ["k", "a/b", &"k".repeat(KEY_BYTES_MAX)] {
                for (stored, is_swept) in [
                    (record_key(tenant, "api", key), true),
                    (events_key(tenant, key), true),
                    (barrier_key(tenant, key), false),
                    (watch_key(tenant), false),
                    (policies_key(tenant), false),
                ] {
                    assert_eq!(is_swept_for(tenant, &stored), is_swept, "{stored}");
                    assert!(!is_swept_for(Some("other"), &stored), "{stored}");
                }
            }
        }
        assert!(!is_swept_for(None, &record_key(Some("acme"), "api", "k")));
        assert!(!is_swept_for(None, &events_key(Some("acme"), "u")));
    }

    #[test]
    fn whose_live_policies_they_are_is_read_back_from_their_key() {
        for tenant in [None, Some("a"), Some("r")] {
            assert_eq!(tenant_of_policies(&policies_key(tenant)), Some(tenant));
        }
        for foreign in ["", "p", "r/api/alice", "b/p/x"] {
            assert_eq!(tenant_of_policies(foreign), None, "{foreign:?}");
        }
    }

    #[test]
    fn the_hash_is_sha_256() {
        let key = "a".repeat(512);
        let expected = "471be6558b665e4f6dd49f1184814d1491b0315d466beea768c153cc5500c836";
        assert_eq!(record_key(None, "p", &key), format!("h/p/{expected}"));
    }
}
