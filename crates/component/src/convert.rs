//! Between the types of the core and those of the interface.

use tollgate_core::{
    Algorithm, CorruptRecord, Field, Limit, LimitError, LimitStatus, PolicyError, Span, Verdict,
};

use crate::bindings::exports::tollgate::limiter::limiter as wit;

pub(crate) fn limit(limit: &wit::Limit) -> Result<Limit, wit::LimitProblem> {
    let algorithm = match limit.algorithm {
        wit::Algorithm::Gcra(gcra) => Algorithm::Gcra {
            limit: gcra.limit,
            period: Span::from_nanos(gcra.period),
            burst: gcra.burst,
        },
        wit::Algorithm::TokenBucket(bucket) => Algorithm::TokenBucket {
            capacity: bucket.capacity,
            refill: bucket.refill,
            period: Span::from_nanos(bucket.period),
        },
        wit::Algorithm::LeakyBucket(bucket) => Algorithm::LeakyBucket {
            capacity: bucket.capacity,
            leak: bucket.leak,
            period: Span::from_nanos(bucket.period),
        },
    };
    Limit::new(&limit.name, algorithm).map_err(|error| limit_problem(&error))
}

const fn limit_problem(error: &LimitError) -> wit::LimitProblem {
    match error {
        LimitError::Name => wit::LimitProblem::Name,
        LimitError::Period(_) => wit::LimitProblem::Period,
        LimitError::TimeToFull { .. } => wit::LimitProblem::TimeToFull,
        LimitError::Number { field, .. } => match field {
            Field::Limit => wit::LimitProblem::Limit,
            Field::Burst => wit::LimitProblem::Burst,
            Field::Refill => wit::LimitProblem::Refill,
            Field::Leak => wit::LimitProblem::Leak,
            // A default cost does not cross this border.
            Field::Capacity | Field::DefaultCost => wit::LimitProblem::Capacity,
        },
    }
}

impl From<PolicyError> for wit::OpenError {
    fn from(error: PolicyError) -> Self {
        match error {
            PolicyError::TooManyLimits => Self::TooManyLimits,
            PolicyError::DuplicateName(_) | PolicyError::NameClash(..) => Self::NamesClash,
        }
    }
}

impl From<CorruptRecord> for wit::DecideError {
    fn from(error: CorruptRecord) -> Self {
        Self::Corrupt(match error {
            CorruptRecord::Empty => wit::CorruptRecord::Empty,
            CorruptRecord::Version(version) => wit::CorruptRecord::Version(version),
            CorruptRecord::Length(bytes) => {
                wit::CorruptRecord::Length(u32::try_from(bytes).unwrap_or(u32::MAX))
            }
            CorruptRecord::Repeated(tag) => wit::CorruptRecord::Repeated(tag),
        })
    }
}

impl From<Verdict> for wit::Verdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Allowed => Self::Allowed,
            Verdict::Limited => Self::Limited,
            Verdict::Impossible => Self::Impossible,
        }
    }
}

impl From<LimitStatus> for wit::LimitStatus {
    fn from(status: LimitStatus) -> Self {
        Self {
            verdict: status.verdict.into(),
            limit: status.limit,
            remaining: status.remaining,
            retry_after: status.retry_after.as_nanos(),
            reset_after: status.reset_after.as_nanos(),
        }
    }
}
