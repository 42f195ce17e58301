//! A refusal as an HTTP answer.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use tollgate_core::{Applied, Policy, Span, Verdict};

use super::{Answers, LimitsBody};
use crate::fields;
use crate::problem::{Document, ProblemType, document_response};

const TOLLGATE_PROBLEM: HeaderName = HeaderName::from_static("tollgate-problem");
const TOLLGATE_VIOLATED: HeaderName = HeaderName::from_static("tollgate-violated");

/// What a refusal adds to its problem document.
#[derive(serde::Serialize)]
struct RefusalBody<'a> {
    #[serde(rename = "violated-policies")]
    violated_policies: Vec<&'a str>,
    allowed: bool,
    limits: LimitsBody<'a>,
}

impl Answers<'_> {
    /// A problem document.
    pub(super) fn refusal(&self, applied: &Applied) -> Response<Full<Bytes>> {
        let status = status(applied.verdict);
        let violated_policies = violated(self.policy, applied).collect();
        let (kind, detail) = refusal_kind(applied);
        let limits = self.limits_body(&applied.limits);
        let rest = RefusalBody { violated_policies, allowed: false, limits };
        document_response(status, &Document::new(kind, status, detail, rest))
    }

    /// For an answer without a body, what the problem document would say besides the limits.
    pub(super) fn insert_refusal(&self, headers: &mut HeaderMap, applied: &Applied) {
        insert_problem(headers, applied);
        let violated = fields::names(violated(self.policy, applied));
        headers.extend(violated.map(|names| (TOLLGATE_VIOLATED, names)));
    }
}

/// The `type` of the problem document.
pub(super) fn insert_problem(headers: &mut HeaderMap, applied: &Applied) {
    let (kind, _) = refusal_kind(applied);
    headers.insert(TOLLGATE_PROBLEM, HeaderValue::from_static(kind.uri()));
}

pub(super) const fn status(verdict: Verdict) -> StatusCode {
    match verdict {
        Verdict::Allowed => StatusCode::OK,
        Verdict::Limited => StatusCode::TOO_MANY_REQUESTS,
        Verdict::Impossible => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// The limits that refuse the request.
pub(super) fn violated<'a>(
    policy: &'a Policy,
    applied: &'a Applied,
) -> impl Iterator<Item = &'a str> {
    let limits = policy.limits().iter().zip(&applied.limits);
    let violated =
        limits.filter(|(limit, status)| !limit.is_shadow() && status.verdict != Verdict::Allowed);
    violated.map(|(limit, _)| &**limit.name())
}

/// Why the request is refused.
pub(super) fn refusal_kind(applied: &Applied) -> (ProblemType, &'static str) {
    let is_closed = applied.closed_for > Span::ZERO;
    let kind = match applied.verdict {
        Verdict::Impossible => ProblemType::CostAboveCapacity,
        _ if is_closed => ProblemType::AbnormalUsageDetected,
        _ => ProblemType::QuotaExceeded,
    };
    let detail = match applied.verdict {
        Verdict::Impossible => {
            "a cost is above what its limit ever holds: this request can never pass"
        }
        _ if applied.retry_after.is_never() => {
            "a limit that is used up gives nothing back: waiting does not help"
        }
        _ if is_closed => {
            "the key is blocked, or holds as much as it can; Retry-After says for how long"
        }
        _ => "wait as long as retry_after_ms says, and try again",
    };
    (kind, detail)
}
