//! Older dialects of the rate-limit fields. They have room for one limit only: the one closest to denying is
//! given. Seconds are rounded up; what never comes back has no reset.

use std::cmp::Ordering;
use std::fmt::Write as _;

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};
use tollgate_core::{LimitStatus, Policy};

use super::available_after;

/// Names of the fields for the limit, what remains of it, and when it is available again.
type Names = [HeaderName; 3];

/// Draft 03 of draft-ietf-httpapi-ratelimit-headers.
pub(super) const RATELIMIT: Names = [
    HeaderName::from_static("ratelimit-limit"),
    HeaderName::from_static("ratelimit-remaining"),
    HeaderName::from_static("ratelimit-reset"),
];

/// What was in use before the first draft.
pub(super) const X_RATELIMIT: Names = [
    HeaderName::from_static("x-ratelimit-limit"),
    HeaderName::from_static("x-ratelimit-remaining"),
    HeaderName::from_static("x-ratelimit-reset"),
];

/// `RateLimit-Policy` of draft 07: `100;w=60`, for every limit that has a window.
pub(super) fn ratelimit_policy(policy: &Policy) -> Option<HeaderValue> {
    let limits = policy.limits().iter().filter(|limit| !limit.period().is_never());
    let quotas =
        limits.map(|limit| format!("{};w={}", limit.capacity(), limit.period().as_secs_ceil()));
    let quotas: Vec<_> = quotas.collect();
    if quotas.is_empty() { None } else { HeaderValue::try_from(quotas.join(", ")).ok() }
}

/// `RateLimit` of draft 07: `limit=100, remaining=99, reset=1`.
pub(super) fn ratelimit(policy: &Policy, limits: &[LimitStatus]) -> Option<HeaderValue> {
    let status = closest(policy, limits)?;
    let mut field = format!("limit={}, remaining={}", status.limit, status.remaining);
    let reset = available_after(status);
    if !reset.is_never() {
        // Writing to a string can't fail.
        let _ = write!(field, ", reset={}", reset.as_secs_ceil());
    }
    HeaderValue::try_from(field).ok()
}

/// One field per number.
pub(super) fn insert(
    headers: &mut HeaderMap,
    [limit, remaining, reset]: Names,
    policy: &Policy,
    limits: &[LimitStatus],
) {
    let Some(status) = closest(policy, limits) else { return };
    headers.insert(limit, status.limit.into());
    headers.insert(remaining, status.remaining.into());
    let wait = available_after(status);
    if !wait.is_never() {
        headers.insert(reset, wait.as_secs_ceil().into());
    }
}

/// The limit that denies for longest; if none denies, the one with the smallest part remaining.
fn closest<'a>(policy: &Policy, limits: &'a [LimitStatus]) -> Option<&'a LimitStatus> {
    let limits = policy.limits().iter().zip(limits);
    let denying = limits.filter(|(limit, _)| !limit.is_shadow()).map(|(_, status)| status);
    denying.min_by(|a, b| closer(a, b))
}

fn closer(a: &LimitStatus, b: &LimitStatus) -> Ordering {
    let part =
        |of: &LimitStatus, other: &LimitStatus| u128::from(of.remaining) * u128::from(other.limit);
    let wait = b.verdict.cmp(&a.verdict).then_with(|| b.retry_after.cmp(&a.retry_after));
    wait.then_with(|| part(a, b).cmp(&part(b, a)))
}
