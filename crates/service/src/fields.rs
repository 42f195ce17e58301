//! The header fields of a decision.
//!
//! `RateLimit-Policy` and `RateLimit` follow draft-ietf-httpapi-ratelimit-headers-10: structured fields (RFC 9651)
//! with seconds, rounded up; a policy may ask for one of the [`older`] dialects. `Tollgate-Limits` carries the same
//! numbers as a body does, for answers without one:
//! `"requests";limit=60;remaining=59;retry_after_ms=0;reset_after_ms=1000`; a wait that never ends is left out, and
//! a number of 16 digits is a string.

mod older;

use http::header::{HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue};
use tollgate_core::{Applied, Limit, LimitStatus, Policy, Span, Verdict};
use tollgate_policy::Dialect;

const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const TOLLGATE_LIMITS: HeaderName = HeaderName::from_static("tollgate-limits");

/// The largest structured-field integer: 15 digits.
const INTEGER_MAX: u64 = 999_999_999_999_999;

/// The header fields that are common to all answers about one policy.
pub(crate) struct DecisionFields {
    dialect: Dialect,
    /// `RateLimit-Policy`, if the dialect has it. It never changes, so it is made once.
    policy: Option<HeaderValue>,
}

impl DecisionFields {
    pub(crate) fn new(dialect: Dialect, limits: &Policy) -> Self {
        let policy = match dialect {
            Dialect::Draft10 => ratelimit_policy(limits),
            Dialect::Draft07 => older::ratelimit_policy(limits),
            Dialect::Draft03 | Dialect::XRateLimit | Dialect::None => None,
        };
        Self { dialect, policy }
    }

    /// Puts the fields of a decision into `headers`.
    pub(crate) fn insert(&self, headers: &mut HeaderMap, policy: &Policy, applied: &Applied) {
        if let Some(field) = &self.policy {
            headers.insert(RATELIMIT_POLICY, field.clone());
        }
        let limits = &applied.limits;
        match self.dialect {
            Dialect::Draft10 => {
                let field = list(named(policy, limits), ratelimit_item);
                headers.extend(field.map(|field| (RATELIMIT, field)));
            }
            Dialect::Draft07 => {
                let field = older::ratelimit(policy, limits);
                headers.extend(field.map(|field| (RATELIMIT, field)));
            }
            Dialect::Draft03 => older::insert(headers, older::RATELIMIT, policy, limits),
            Dialect::XRateLimit => older::insert(headers, older::X_RATELIMIT, policy, limits),
            Dialect::None => {}
        }
        if applied.verdict == Verdict::Limited && !applied.retry_after.is_never() {
            let retry_after_secs = applied.retry_after.as_secs_ceil().max(1);
            headers.insert(RETRY_AFTER, HeaderValue::from(retry_after_secs));
        }
    }
}

/// What each limit of a policy grants.
///
/// The quota of a limit is its capacity, and its window the time in which the capacity comes back.
fn ratelimit_policy(policy: &Policy) -> Option<HeaderValue> {
    let quota = |out: &mut String, limit: &Limit| {
        parameter(out, "q", limit.capacity().min(INTEGER_MAX));
        seconds(out, "w", limit.period());
    };
    let items = policy.limits().iter().map(|limit| (&**limit.name(), limit));
    list(items, quota)
}

/// Puts the limits of a body into `headers`.
pub(crate) fn insert_limits(headers: &mut HeaderMap, policy: &Policy, limits: &[LimitStatus]) {
    if let Some(field) = list(named(policy, limits), limits_item) {
        headers.insert(TOLLGATE_LIMITS, field);
    }
}

/// Names of limits.
pub(crate) fn names<'a>(names: impl Iterator<Item = &'a str>) -> Option<HeaderValue> {
    list(names.map(|name| (name, ())), |_, ()| {})
}

fn named<'a>(
    policy: &'a Policy,
    limits: &'a [LimitStatus],
) -> impl Iterator<Item = (&'a str, &'a LimitStatus)> {
    policy.limits().iter().map(|limit| &**limit.name()).zip(limits)
}

/// A limit without room is available again after `retry_after`; any other one is full again after `reset_after`.
fn ratelimit_item(out: &mut String, status: &LimitStatus) {
    parameter(out, "r", status.remaining.min(INTEGER_MAX));
    seconds(out, "t", available_after(status));
}

const fn available_after(status: &LimitStatus) -> Span {
    match status.verdict {
        Verdict::Allowed => status.reset_after,
        Verdict::Limited | Verdict::Impossible => status.retry_after,
    }
}

fn limits_item(out: &mut String, status: &LimitStatus) {
    for (name, units) in [("limit", status.limit), ("remaining", status.remaining)] {
        parameter(out, name, units);
    }
    let waits = [("retry_after_ms", status.retry_after), ("reset_after_ms", status.reset_after)];
    for (name, wait) in waits.into_iter().filter(|(_, wait)| !wait.is_never()) {
        parameter(out, name, wait.as_millis_ceil());
    }
    if status.delay > Span::ZERO {
        parameter(out, "delay_ms", status.delay.as_millis_ceil());
    }
}

fn seconds(out: &mut String, name: &str, span: Span) {
    if !span.is_never() {
        parameter(out, name, span.as_secs_ceil());
    }
}

/// `;name=number`. It is exact, so a number beyond a structured-field integer is a string.
fn parameter(out: &mut String, name: &str, number: u64) {
    let quote = if number > INTEGER_MAX { "\"" } else { "" };
    // Not by `write!`: formatting took a sixth of the guest's computing time.
    let mut digits = itoa::Buffer::new();
    for part in [";", name, "=", quote, digits.format(number), quote] {
        out.push_str(part);
    }
}

/// A structured-field list of names with parameters; `None` if there are none, as an empty list has no field
/// (RFC 9651, 3.1). Names need no escapes.
fn list<'a, T>(
    items: impl Iterator<Item = (&'a str, T)>,
    write_parameters: impl Fn(&mut String, T),
) -> Option<HeaderValue> {
    let mut out = String::with_capacity(128);
    for (name, item) in items {
        for part in [if out.is_empty() { "" } else { ", " }, "\"", name, "\""] {
            out.push_str(part);
        }
        write_parameters(&mut out, item);
    }
    if out.is_empty() { None } else { HeaderValue::try_from(out).ok() }
}
