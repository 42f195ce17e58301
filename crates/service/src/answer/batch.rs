//! The decisions of a batch as an HTTP answer.

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tollgate_core::{Applied, Verdict};

use super::{LimitsBody, json, millis, status, violated};
use crate::limiter::Limiter;
use crate::opened::Opened;

/// One result per acquire, in the order of the request.
#[derive(serde::Serialize)]
pub(crate) struct BatchAnswer<'a> {
    results: Vec<ResultBody<'a>>,
}

#[derive(serde::Serialize)]
struct ResultBody<'a> {
    /// What it would have been answered alone.
    status: u16,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    #[serde(rename = "violated-policies", skip_serializing_if = "Vec::is_empty")]
    violated_policies: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<LimitsBody<'a>>,
}

impl<'a> BatchAnswer<'a> {
    pub(crate) fn new<L: Limiter + 'a>(
        results: impl Iterator<Item = (&'a Opened<L>, Option<&'a Applied>)>,
    ) -> Self {
        Self { results: results.map(|(opened, applied)| result(opened, applied)).collect() }
    }

    pub(crate) fn response(&self) -> Response<Full<Bytes>> {
        json(self)
    }
}

fn result<'a, L: Limiter>(opened: &'a Opened<L>, applied: Option<&'a Applied>) -> ResultBody<'a> {
    let Some(applied) = applied else {
        let (retry_after_ms, violated_policies) = (Some(1_000), Vec::new());
        return ResultBody {
            status: 503,
            allowed: false,
            retry_after_ms,
            violated_policies,
            limits: None,
        };
    };
    let policy = opened.named.limits();
    let allowed = applied.verdict == Verdict::Allowed;
    ResultBody {
        status: status(applied.verdict).as_u16(),
        allowed,
        retry_after_ms: if allowed { None } else { millis(applied.retry_after) },
        violated_policies: if allowed { Vec::new() } else { violated(policy, applied).collect() },
        limits: Some(LimitsBody { policy, limits: &applied.limits }),
    }
}
