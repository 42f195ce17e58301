//! The limiter component that this function is composed with.

use tollgate_core::{Operation, Policy, Span, Timestamp};
use tollgate_service::{Limiter, LimiterError, Outcome};

use crate::{to_wit, wit};

/// A limiter behind `tollgate:limiter`.
#[derive(Default)]
pub(crate) struct ImportedLimiter;

impl Limiter for ImportedLimiter {
    type Opened = wit::PolicyId;

    fn open(&self, policy: &Policy) -> Result<wit::PolicyId, LimiterError> {
        let limits: Vec<_> = policy.limits().iter().map(to_wit::limit).collect();
        wit::open_policy(&limits).map_err(|error| LimiterError::Refused(format!("{error:?}")))
    }

    fn apply(
        &self,
        policy: &wit::PolicyId,
        record: Option<&[u8]>,
        operation: &Operation,
        now: Timestamp,
    ) -> Result<Outcome, LimiterError> {
        let operation = to_wit::operation(operation);
        let decision = wit::apply(*policy, record, &operation, now.as_nanos());
        let decision = decision.map_err(|error| match error {
            wit::DecideError::Corrupt(corrupt) => LimiterError::Corrupt(to_wit::corrupt(corrupt)),
            error => LimiterError::Refused(format!("{error:?}")),
        })?;
        Ok(Outcome {
            verdict: to_wit::verdict(decision.verdict),
            effect: to_wit::effect(decision.effect),
            retry_after: Span::from_nanos(decision.retry_after),
            limits: decision.limits.iter().map(to_wit::limit_status).collect(),
            record: decision.record,
        })
    }
}
