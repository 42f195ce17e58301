//! The limiter component that this function is composed with.

use tollgate_core::{Applied, Change, Note, Operation, Policy, Span, Timestamp};
use tollgate_service::{Capacity, Limiter, LimiterError, PolicyChange};

use crate::{to_wit, wit};

/// A limiter behind `tollgate:limiter`.
#[derive(Default)]
pub(crate) struct ImportedLimiter;

/// A policy that stays open in the limiter until this is dropped.
pub(crate) struct OpenPolicy(wit::PolicyId);

impl Drop for OpenPolicy {
    fn drop(&mut self) {
        wit::close_policy(self.0);
    }
}

impl Limiter for ImportedLimiter {
    type Opened = OpenPolicy;

    fn open(&self, policy: &Policy) -> Result<OpenPolicy, LimiterError> {
        let limits: Vec<_> = policy.limits().iter().map(to_wit::limit).collect();
        let opened = wit::open_policy(&limits).map(OpenPolicy);
        opened.map_err(|error| LimiterError::Refused(format!("{error:?}")))
    }

    fn apply(
        &self,
        policy: &OpenPolicy,
        record: Option<&[u8]>,
        operation: &Operation,
        now: Timestamp,
    ) -> Result<Applied, LimiterError> {
        let operation = to_wit::operation(operation);
        let decision = wit::apply(policy.0, record, &operation, now.as_nanos()).map_err(error)?;
        Ok(to_wit::applied(decision))
    }

    fn capacity_of(
        &self,
        policy: &OpenPolicy,
        record: Option<&[u8]>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Option<Capacity>, LimiterError> {
        let limit = to_wit::position(limit);
        let capacity = wit::capacity_of(policy.0, record, limit, now.as_nanos()).map_err(error)?;
        Ok(capacity.map(|capacity| Capacity {
            capacity: capacity.capacity,
            original: capacity.original,
            period: Span::from_nanos(capacity.period),
            available: capacity.available,
            in_flight: capacity.in_flight,
            change: capacity.change.and_then(change),
        }))
    }

    fn forget_after(
        &self,
        policy: &OpenPolicy,
        record: &[u8],
        now: Timestamp,
    ) -> Result<Span, LimiterError> {
        wit::forget_after(policy.0, record, now.as_nanos()).map(Span::from_nanos).map_err(error)
    }

    fn carry_over(
        &self,
        policy: &OpenPolicy,
        record: Option<&[u8]>,
        change: &PolicyChange<'_, OpenPolicy>,
    ) -> Result<Vec<u8>, LimiterError> {
        let change = wit::ChangeOfPolicy {
            old: change.old.0,
            carry: to_wit::carry(change.carry),
            at: change.at.as_nanos(),
            revision: change.revision,
        };
        wit::carry_over(policy.0, record, change).map_err(error)
    }
}

/// `None` if the component's note is longer than a note can be.
fn change(change: wit::Change) -> Option<Change> {
    let note = Note::new(&change.note.source, &change.note.reason)?;
    Some(Change { at: Timestamp::from_nanos(change.at), capacity: change.capacity, note })
}

fn error(error: wit::DecideError) -> LimiterError {
    match error {
        wit::DecideError::Corrupt(corrupt) => LimiterError::Corrupt(to_wit::corrupt(corrupt)),
        error => LimiterError::Refused(format!("{error:?}")),
    }
}
