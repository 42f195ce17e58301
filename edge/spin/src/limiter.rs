//! The limiter component that this function is composed with.

use tollgate_core::{
    Algorithm, CorruptRecord, Costs, LimitStatus, Policy, Span, Timestamp, Verdict,
};
use tollgate_service::{Limiter, LimiterError, Outcome};

use crate::bindings::tollgate::limiter::limiter as wit;

/// A limiter behind `tollgate:limiter`.
#[derive(Default)]
pub(crate) struct ImportedLimiter;

impl Limiter for ImportedLimiter {
    type Opened = wit::PolicyId;

    fn open(&self, policy: &Policy) -> Result<wit::PolicyId, LimiterError> {
        let limits: Vec<_> = policy.limits().iter().map(limit).collect();
        wit::open_policy(&limits).map_err(|error| LimiterError::Refused(format!("{error:?}")))
    }

    fn decide(
        &self,
        policy: &wit::PolicyId,
        record: Option<&[u8]>,
        costs: &Costs,
        now: Timestamp,
    ) -> Result<Outcome, LimiterError> {
        let decision = wit::decide(*policy, record, costs.as_slice(), now.as_nanos())
            .map_err(|error| decide_error(&error))?;
        Ok(Outcome {
            verdict: verdict(decision.verdict),
            limits: decision.limits.iter().map(limit_status).collect(),
            record: decision.record,
        })
    }
}

fn limit(limit: &tollgate_core::Limit) -> wit::Limit {
    let algorithm = match limit.algorithm() {
        Algorithm::Gcra { limit, period, burst } => {
            wit::Algorithm::Gcra(wit::Gcra { limit, period: period.as_nanos(), burst })
        }
        Algorithm::TokenBucket { capacity, refill, period } => {
            let period = period.as_nanos();
            wit::Algorithm::TokenBucket(wit::TokenBucket { capacity, refill, period })
        }
        Algorithm::LeakyBucket { capacity, leak, period } => {
            let period = period.as_nanos();
            wit::Algorithm::LeakyBucket(wit::LeakyBucket { capacity, leak, period })
        }
    };
    wit::Limit { name: limit.name().to_string(), algorithm }
}

const fn limit_status(status: &wit::LimitStatus) -> LimitStatus {
    LimitStatus {
        verdict: verdict(status.verdict),
        limit: status.limit,
        remaining: status.remaining,
        retry_after: Span::from_nanos(status.retry_after),
        reset_after: Span::from_nanos(status.reset_after),
    }
}

const fn verdict(verdict: wit::Verdict) -> Verdict {
    match verdict {
        wit::Verdict::Allowed => Verdict::Allowed,
        wit::Verdict::Limited => Verdict::Limited,
        wit::Verdict::Impossible => Verdict::Impossible,
    }
}

fn decide_error(error: &wit::DecideError) -> LimiterError {
    let wit::DecideError::Corrupt(corrupt) = error else {
        return LimiterError::Refused(format!("{error:?}"));
    };
    LimiterError::Corrupt(match *corrupt {
        wit::CorruptRecord::Empty => CorruptRecord::Empty,
        wit::CorruptRecord::Version(version) => CorruptRecord::Version(version),
        wit::CorruptRecord::Length(bytes) => CorruptRecord::Length(bytes as usize),
        wit::CorruptRecord::Repeated(tag) => CorruptRecord::Repeated(tag),
    })
}
