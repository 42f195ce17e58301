//! The field `Host` of a request, which RFC 9112 wants to be there once.

use http::header::HOST;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, Version};

/// Whether `head` names its host as section 3.2 of RFC 9112 demands: in one field, which HTTP/1.0 may
/// leave out. What has two may be meant for another host by whoever passed it on.
pub(crate) fn names_one_host(head: &Parts) -> bool {
    let mut fields = head.headers.get_all(HOST).iter();
    match (fields.next(), fields.next()) {
        (None, _) => head.version == Version::HTTP_10,
        (Some(host), None) => is_host(host),
        (Some(_), Some(_)) => false,
    }
}

/// Whether `value` is a host, maybe with a port. Without one there would be no URI (RFC 9110, section 4.2.1).
fn is_host(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    !bytes.contains(&b'@') && Authority::try_from(bytes).is_ok()
}
