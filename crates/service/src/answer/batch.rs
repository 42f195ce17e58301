//! The decisions of a batch as an HTTP answer.

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tollgate_core::{Effect, Verdict};

use super::refusal::{status, violated};
use super::{LimitsBody, json};
use crate::decide::Decided;
use crate::limiter::Limiter;
use crate::opened::Opened;

/// One result per acquire, in the order of the request.
#[derive(serde::Serialize)]
pub(crate) struct BatchAnswer<'a> {
    results: Vec<ResultBody<'a>>,
}

#[derive(serde::Serialize)]
struct ResultBody<'a> {
    /// The status of the same acquire outside a batch.
    status: u16,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    #[serde(rename = "violated-policies", skip_serializing_if = "Vec::is_empty")]
    violated_policies: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<LimitsBody<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    repeated: bool,
    /// Decided by this process alone; outside a batch, a header field says so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    local: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    uncounted: bool,
}

impl<'a> BatchAnswer<'a> {
    pub(crate) fn new<L: Limiter + 'a>(
        results: impl Iterator<Item = (&'a Opened<L>, Option<&'a Decided>)>,
    ) -> Self {
        Self { results: results.map(|(opened, decided)| result(opened, decided)).collect() }
    }

    pub(crate) fn response(&self) -> Response<Full<Bytes>> {
        json(self)
    }
}

fn result<'a, L: Limiter>(opened: &'a Opened<L>, decided: Option<&'a Decided>) -> ResultBody<'a> {
    let policy = opened.limits();
    let (applied, local) = match decided {
        Some(Decided::Counted(applied)) => (applied, false),
        Some(Decided::Local(applied)) => (applied, true),
        Some(Decided::Uncounted) => {
            let limits = Some(LimitsBody { policy, limits: &[] });
            return ResultBody { limits, uncounted: true, ..without_limits(200, None) };
        }
        None => return without_limits(503, Some(1_000)),
    };
    let allowed = applied.verdict == Verdict::Allowed;
    let retry_after_ms = if allowed { None } else { applied.retry_after.finite_millis_ceil() };
    ResultBody {
        violated_policies: if allowed { Vec::new() } else { violated(policy, applied).collect() },
        limits: Some(LimitsBody { policy, limits: &applied.limits }),
        repeated: applied.effect == Effect::Repeated,
        local,
        ..without_limits(status(applied.verdict).as_u16(), retry_after_ms)
    }
}

fn without_limits<'a>(status: u16, retry_after_ms: Option<u64>) -> ResultBody<'a> {
    ResultBody {
        status,
        allowed: status == 200,
        retry_after_ms,
        violated_policies: Vec::new(),
        limits: None,
        repeated: false,
        local: false,
        uncounted: false,
    }
}
