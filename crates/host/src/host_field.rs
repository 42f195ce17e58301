//! The `Host` field of a request, which RFC 9112 requires exactly once.

use http::header::HOST;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, Version};

/// Whether `head` names its host as section 3.2 of RFC 9112 requires: in one field, which HTTP/1.0 may
/// omit. With two fields, a proxy may have meant the request for another host.
pub(crate) fn names_one_host(head: &Parts) -> bool {
    let mut fields = head.headers.get_all(HOST).iter();
    match (fields.next(), fields.next()) {
        (None, _) => head.version == Version::HTTP_10,
        (Some(host), None) => is_host(host),
        (Some(_), Some(_)) => false,
    }
}

/// Whether `value` is a host, perhaps with a port. Without a host there is no URI (RFC 9110, section 4.2.1).
fn is_host(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    !bytes.contains(&b'@') && Authority::try_from(bytes).is_ok()
}
