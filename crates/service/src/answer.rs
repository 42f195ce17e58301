//! A decision as an HTTP answer.

mod batch;
mod control;
mod feedback;
mod policy;
mod pool;
mod refusal;
mod several;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, VARY};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde::ser::{Serialize, SerializeMap, Serializer};
use tollgate_core::{Applied, Effect, LimitStatus, Policy, Span, Verdict};

pub(crate) use batch::BatchAnswer;
pub(crate) use control::{CapacityAnswer, CapacityBody, done};
pub(crate) use feedback::{FeedbackAnswer, LevelBody};
pub(crate) use policy::{PoliciesBody, PolicyBody};
pub(crate) use pool::PoolAnswer;
pub(crate) use several::{SeveralAnswer, Taken};

use self::refusal::status;
use crate::decide::Decided;
use crate::fields::{self, DecisionFields};

/// The header field in which a caller says how detailed an answer it wants (RFC 7240).
pub const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const TOLLGATE_BLOCKED_FOR_MS: HeaderName = HeaderName::from_static("tollgate-blocked-for-ms");
const TOLLGATE_LEASE: HeaderName = HeaderName::from_static("tollgate-lease");
const TOLLGATE_LOCAL: HeaderName = HeaderName::from_static("tollgate-local");
const TOLLGATE_REPEATED: HeaderName = HeaderName::from_static("tollgate-repeated");
const TOLLGATE_UNCOUNTED: HeaderName = HeaderName::from_static("tollgate-uncounted");

/// A structured-field Boolean (RFC 9651).
const TRUE: HeaderValue = HeaderValue::from_static("?1");

/// How detailed an answer the caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Status, header fields and a body.
    Full,
    /// Status and header fields: `Prefer: return=minimal` (RFC 7240). On Spin, an answer without a body is one
    /// write, and arrives about 40 milliseconds earlier.
    Minimal,
}

impl Detail {
    pub(crate) fn wanted(headers: &HeaderMap) -> Self {
        let preferences = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
        // If the preference is repeated, the first one counts.
        let wanted = preferences.flat_map(|value| value.split(',')).find_map(wanted_return);
        if wanted == Some("minimal") { Self::Minimal } else { Self::Full }
    }
}

/// The value of `return=minimal`, with or without quotes; unknown parameters are ignored, and the name is
/// case-insensitive.
fn wanted_return(preference: &str) -> Option<&str> {
    let (name, value) = preference.split(';').next()?.split_once('=')?;
    let is_return = name.trim().eq_ignore_ascii_case("return");
    is_return.then(|| value.trim().trim_matches('"'))
}

/// What all answers about one policy have in common.
pub(crate) struct Answers<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) fields: &'a DecisionFields,
    pub(crate) detail: Detail,
}

#[derive(serde::Serialize)]
struct DecisionBody<'a> {
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    repeated: bool,
    limits: LimitsBody<'a>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    uncounted: bool,
}

#[derive(serde::Serialize)]
struct PeekBody<'a> {
    policy: &'a str,
    key: &'a str,
    /// Left out if the key is not blocked.
    #[serde(skip_serializing_if = "is_zero")]
    blocked_for_ms: u64,
    limits: LimitsBody<'a>,
}

impl Answers<'_> {
    /// The answer to a request for a decision, with the lease granted if the store counted it.
    pub(crate) fn decided(&self, decided: &Decided, lease: Option<&str>) -> Response<Full<Bytes>> {
        match decided {
            Decided::Counted(applied) => self.acquired(applied, lease),
            Decided::Local(applied) => self.local(applied),
            Decided::Uncounted => self.uncounted(),
        }
    }

    /// 200, 429 or 422, depending on the decision, with the lease granted.
    fn acquired(&self, applied: &Applied, lease: Option<&str>) -> Response<Full<Bytes>> {
        let allowed = applied.verdict == Verdict::Allowed;
        let lease = lease.filter(|_| allowed);
        let mut response = match self.detail {
            Detail::Minimal => self.minimal_decision(applied),
            Detail::Full if allowed => {
                let limits = self.limits_body(&applied.limits);
                let repeated = applied.effect == Effect::Repeated;
                json(&DecisionBody { allowed, lease, repeated, limits, uncounted: false })
            }
            Detail::Full => self.refusal(applied),
        };
        let headers = response.headers_mut();
        self.fields.insert(headers, self.policy, applied);
        insert_lease(headers, lease.filter(|_| self.detail == Detail::Minimal));
        response
    }

    /// As [`acquired`](Self::acquired), marked as decided by this process alone.
    fn local(&self, applied: &Applied) -> Response<Full<Bytes>> {
        let mut response = self.acquired(applied, None);
        response.headers_mut().insert(TOLLGATE_LOCAL, TRUE);
        response
    }

    /// 200, as the policy demands when the store can't be asked.
    fn uncounted(&self) -> Response<Full<Bytes>> {
        let mut response = match self.detail {
            Detail::Minimal => self.minimal(StatusCode::OK, &[]),
            Detail::Full => {
                let limits = self.limits_body(&[]);
                let (lease, repeated) = (None, false);
                json(&DecisionBody { allowed: true, lease, repeated, limits, uncounted: true })
            }
        };
        response.headers_mut().insert(TOLLGATE_UNCOUNTED, TRUE);
        response
    }

    /// 200, with the state of each limit, and how long the key is blocked regardless of them.
    pub(crate) fn peek(
        &self,
        policy: &str,
        key: &str,
        applied: &Applied,
        blocked_for: Span,
    ) -> Response<Full<Bytes>> {
        let limits = self.limits_body(&applied.limits);
        let blocked_for_ms = blocked_for.as_millis_ceil();
        let mut response = match self.detail {
            Detail::Minimal => self.minimal(StatusCode::OK, &applied.limits),
            Detail::Full => json(&PeekBody { policy, key, blocked_for_ms, limits }),
        };
        let headers = response.headers_mut();
        if self.detail == Detail::Minimal && blocked_for_ms > 0 {
            headers.insert(TOLLGATE_BLOCKED_FOR_MS, blocked_for_ms.into());
        }
        self.fields.insert(headers, self.policy, applied);
        headers.insert(VARY, HeaderValue::from_static("prefer"));
        response
    }

    /// Everything a body would say, in header fields.
    fn minimal_decision(&self, applied: &Applied) -> Response<Full<Bytes>> {
        let mut response = self.minimal(status(applied.verdict), &applied.limits);
        let headers = response.headers_mut();
        if applied.verdict != Verdict::Allowed {
            self.insert_refusal(headers, applied);
        } else if applied.effect == Effect::Repeated {
            headers.insert(TOLLGATE_REPEATED, TRUE);
        }
        response
    }

    fn minimal(&self, status: StatusCode, limits: &[LimitStatus]) -> Response<Full<Bytes>> {
        let mut response = without_body(status);
        fields::insert_limits(response.headers_mut(), self.policy, limits);
        response
    }

    const fn limits_body<'a>(&'a self, limits: &'a [LimitStatus]) -> LimitsBody<'a> {
        LimitsBody { policy: self.policy, limits }
    }
}

fn without_body(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    let applied = HeaderValue::from_static("return=minimal");
    response.headers_mut().insert(PREFERENCE_APPLIED, applied);
    response
}

/// Only its caller may read a lease: no cache keeps it, since this answers a POST and sets no freshness.
fn insert_lease(headers: &mut HeaderMap, lease: Option<&str>) {
    if let Some(Ok(lease)) = lease.map(HeaderValue::try_from) {
        headers.insert(TOLLGATE_LEASE, lease);
    }
}

/// The statuses of a policy's limits, as an object keyed by their names.
struct LimitsBody<'a> {
    policy: &'a Policy,
    limits: &'a [LimitStatus],
}

#[derive(serde::Serialize)]
struct LimitBody {
    limit: u64,
    remaining: u64,
    retry_after_ms: Option<u64>,
    reset_after_ms: Option<u64>,
    /// Left out unless a leaky queue makes the request wait.
    #[serde(skip_serializing_if = "is_zero")]
    delay_ms: u64,
}

const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Serialize for LimitsBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.limits.len()))?;
        for (limit, status) in self.policy.limits().iter().zip(self.limits) {
            map.serialize_entry(
                &**limit.name(),
                &LimitBody {
                    limit: status.limit,
                    remaining: status.remaining,
                    retry_after_ms: status.retry_after.finite_millis_ceil(),
                    reset_after_ms: status.reset_after.finite_millis_ceil(),
                    delay_ms: status.delay.as_millis_ceil(),
                },
            )?;
        }
        map.end()
    }
}

pub(crate) fn json<T: Serialize>(body: &T) -> Response<Full<Bytes>> {
    // Structs of strings and numbers: serializing them does not fail.
    let body = serde_json::to_vec(body).unwrap_or_default();
    let mut response = Response::new(Full::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
