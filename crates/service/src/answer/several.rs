//! A decision on several keys as an HTTP answer.

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::Full;
use tollgate_core::{Effect, Outcome, Span, Verdict};

use super::refusal::{insert_problem, refusal_kind, status, violated};
use super::{
    Detail, LimitsBody, TOLLGATE_LOCAL, TOLLGATE_REPEATED, TOLLGATE_UNCOUNTED, TRUE, insert_lease,
    json, without_body,
};
use crate::limiter::Limiter;
use crate::opened::Opened;
use crate::problem::{Document, document_response};

/// The result of an acquire of several keys.
pub(crate) enum Taken {
    /// Decided and counted in the store.
    Counted(Outcome),
    /// The store can't be asked: keys with a decision were decided by this process alone, the others pass uncounted.
    WithoutStore(Outcome),
}

impl Taken {
    pub(crate) fn outcome(&self) -> &Outcome {
        match self {
            Self::Counted(outcome) | Self::WithoutStore(outcome) => outcome,
        }
    }

    /// Whether it was charged before, under its request id.
    fn is_repeated(&self) -> bool {
        let mut legs = self.outcome().legs.iter().flatten();
        self.outcome().is_allowed() && legs.any(|leg| leg.effect == Effect::Repeated)
    }
}

/// The answer to an acquire of several keys.
pub(crate) struct SeveralAnswer<'a, L: Limiter> {
    /// Policies and keys, in the order of the request.
    pub(crate) legs: &'a [(&'a Opened<L>, &'a str)],
    pub(crate) taken: &'a Taken,
    pub(crate) lease: Option<&'a str>,
    /// Whether it settles, releases or renews a lease.
    pub(crate) is_update: bool,
}

#[derive(serde::Serialize)]
struct SeveralBody<'a> {
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    repeated: bool,
    keys: Vec<LegBody<'a>>,
}

#[derive(serde::Serialize)]
struct LegBody<'a> {
    policy: &'a str,
    key: &'a str,
    /// The limits that refuse the request.
    #[serde(rename = "violated-policies", skip_serializing_if = "Vec::is_empty")]
    violated_policies: Vec<&'a str>,
    limits: LimitsBody<'a>,
    /// The lease was over on this key: nothing was done there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    gone: bool,
    /// Decided by this process alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    local: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    uncounted: bool,
}

impl<L: Limiter> SeveralAnswer<'_, L> {
    /// 200, 429 or 422, from the decisions on all keys together.
    pub(crate) fn response(&self, detail: Detail) -> Response<Full<Bytes>> {
        // The worst of all keys: a request that can never pass on one key can never pass.
        let outcome = self.taken.outcome();
        let applied = outcome.legs.iter().flatten();
        let worst = applied.max_by_key(|leg| (leg.verdict, leg.retry_after));
        let worst = worst.filter(|_| !outcome.is_allowed());
        let status = status(worst.map_or(Verdict::Allowed, |worst| worst.verdict));
        let lease = self.lease.filter(|_| worst.is_none());
        let mut response = match (detail, worst) {
            // Limit names alone can't tell the limits of several keys apart, so they are left out.
            (Detail::Minimal, _) => without_body(status),
            (Detail::Full, None) => json(&self.body(true, lease)),
            (Detail::Full, Some(worst)) => {
                let (kind, text) = refusal_kind(worst);
                let document = Document::new(kind, status, text, self.body(false, None));
                document_response(status, &document)
            }
        };
        let headers = response.headers_mut();
        insert_lease(headers, lease.filter(|_| detail == Detail::Minimal));
        if let (Detail::Minimal, Some(worst)) = (detail, worst) {
            insert_problem(headers, worst);
        } else if detail == Detail::Minimal && self.taken.is_repeated() {
            headers.insert(TOLLGATE_REPEATED, TRUE);
        }
        if let Taken::WithoutStore(outcome) = self.taken {
            insert_without_store(headers, outcome);
        }
        let retry_after = outcome.retry_after();
        if status == StatusCode::TOO_MANY_REQUESTS && retry_after < Span::NEVER {
            headers.insert(RETRY_AFTER, retry_after.as_secs_ceil().max(1).into());
        }
        response
    }

    fn body<'a>(&'a self, allowed: bool, lease: Option<&'a str>) -> SeveralBody<'a> {
        let without_store = matches!(self.taken, Taken::WithoutStore(_));
        let decided = self.legs.iter().zip(&self.taken.outcome().legs);
        let keys = decided.filter_map(|((opened, key), applied)| {
            let uncounted = applied.is_none() && without_store && allowed;
            if applied.is_none() && !uncounted {
                return None;
            }
            let policy = opened.limits();
            let denied = applied.as_ref().filter(|it| it.verdict != Verdict::Allowed);
            let limits = applied.as_ref().map_or(&[][..], |applied| &applied.limits);
            Some(LegBody {
                policy: opened.named.name(),
                key,
                violated_policies: denied
                    .map_or_else(Vec::new, |it| violated(policy, it).collect()),
                limits: LimitsBody { policy, limits },
                gone: self.is_update
                    && applied.as_ref().is_some_and(|it| it.effect == Effect::NoHold),
                local: applied.is_some() && without_store,
                uncounted,
            })
        });
        let repeated = self.taken.is_repeated();
        SeveralBody { allowed, lease, repeated, keys: keys.collect() }
    }
}

fn insert_without_store(headers: &mut HeaderMap, outcome: &Outcome) {
    if outcome.legs.iter().any(Option::is_some) {
        headers.insert(TOLLGATE_LOCAL, TRUE);
    }
    if outcome.is_allowed() && outcome.legs.iter().any(Option::is_none) {
        headers.insert(TOLLGATE_UNCOUNTED, TRUE);
    }
}
