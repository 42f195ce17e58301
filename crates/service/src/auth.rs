//! Who asks, and whether they are allowed to.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};
use tollgate_policy::{ApiKey, ApiKeys, Scope};

use crate::problem::Problem;

/// Longest API key that is considered, in bytes. Those that `tollgate key` makes have 46.
const API_KEY_BYTES_MAX: usize = 256;

/// The request's API key, if it allows what is asked.
///
/// Only hashes are compared, all of them and each one to its end, so that timing reveals nothing about any of
/// them. Keys are random, so a fast hash is enough.
pub(crate) fn authorize<'a>(
    keys: &'a ApiKeys,
    headers: &HeaderMap,
    scope: Scope,
) -> Result<&'a ApiKey, Problem> {
    let shown = bearer(headers).ok_or_else(Problem::unauthorized)?;
    let digest = Sha256::digest(shown);
    let mut found = None;
    for key in keys.keys() {
        let is_it: Choice = key.sha256.as_slice().ct_eq(&digest);
        if bool::from(is_it) {
            found = Some(key);
        }
    }
    let key = found.ok_or_else(Problem::unauthorized)?;
    if key.scopes.contains(&scope) { Ok(key) } else { Err(Problem::forbidden(scope)) }
}

/// `Authorization: Bearer KEY` (RFC 6750), once.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, key) = value.as_bytes().split_at_checked("bearer ".len())?;
    let fits = (1..=API_KEY_BYTES_MAX).contains(&key.len());
    (scheme.eq_ignore_ascii_case(b"bearer ") && fits).then_some(key)
}
