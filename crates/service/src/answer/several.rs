//! A decision on several keys as an HTTP answer.

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use tollgate_core::{Applied, Outcome, Span, Verdict};

use super::{Detail, LimitsBody, PREFERENCE_APPLIED, insert_lease, json, refusal_kind, violated};
use crate::limiter::Limiter;
use crate::opened::Opened;
use crate::problem::{Document, document_response};

/// What came of an acquire of several keys.
pub(crate) struct SeveralAnswer<'a, L: Limiter> {
    /// Policies and keys, in the order of the request.
    pub(crate) legs: &'a [(&'a Opened<L>, &'a str)],
    pub(crate) outcome: &'a Outcome,
    pub(crate) lease: Option<&'a str>,
}

#[derive(serde::Serialize)]
struct SeveralBody<'a> {
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease: Option<&'a str>,
    keys: Vec<LegBody<'a>>,
}

#[derive(serde::Serialize)]
struct LegBody<'a> {
    policy: &'a str,
    key: &'a str,
    /// The limits that stand in the way.
    #[serde(rename = "violated-policies", skip_serializing_if = "Vec::is_empty")]
    violated_policies: Vec<&'a str>,
    limits: LimitsBody<'a>,
}

impl<L: Limiter> SeveralAnswer<'_, L> {
    /// 200, 429 or 422, as the decisions on all keys together are.
    pub(crate) fn response(&self, detail: Detail) -> Response<Full<Bytes>> {
        // The worst of all keys: what can never pass on one, can never pass.
        let applied = self.outcome.legs.iter().flatten();
        let worst = applied.max_by_key(|leg| (leg.verdict, leg.retry_after));
        let worst = worst.filter(|_| !self.outcome.is_allowed());
        let status = super::status(worst.map_or(Verdict::Allowed, |worst| worst.verdict));
        let lease = self.lease.filter(|_| worst.is_none());
        let mut response = match (detail, worst) {
            (Detail::Minimal, _) => minimal(status),
            (Detail::Full, None) => json(&self.body(true, lease)),
            (Detail::Full, Some(worst)) => {
                let (kind, text) = refusal_kind(worst);
                let document = Document::new(kind, status, text, self.body(false, None));
                document_response(status, &document)
            }
        };
        let headers = response.headers_mut();
        insert_lease(headers, lease.filter(|_| detail == Detail::Minimal));
        let retry_after = self.outcome.retry_after();
        if status == StatusCode::TOO_MANY_REQUESTS && retry_after < Span::NEVER {
            headers.insert(RETRY_AFTER, retry_after.as_secs_ceil().max(1).into());
        }
        response
    }

    fn body<'a>(&'a self, allowed: bool, lease: Option<&'a str>) -> SeveralBody<'a> {
        let decided = self.legs.iter().zip(&self.outcome.legs);
        let keys = decided.filter_map(|((opened, key), applied)| {
            let (policy, applied): (_, &Applied) = (opened.named.limits(), applied.as_ref()?);
            let violated_policies = match applied.verdict {
                Verdict::Allowed => Vec::new(),
                _ => violated(policy, applied).collect(),
            };
            let limits = LimitsBody { policy, limits: &applied.limits };
            Some(LegBody { policy: opened.named.name(), key, violated_policies, limits })
        });
        SeveralBody { allowed, lease, keys: keys.collect() }
    }
}

/// The names of limits are not enough to tell those of several keys apart, so they are not told.
fn minimal(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    let applied = HeaderValue::from_static("return=minimal");
    response.headers_mut().insert(PREFERENCE_APPLIED, applied);
    response
}
