//! What a decision says, as the vectors spell it, whichever component made it.

use tollgate_core::Applied;

use crate::vectors::format::{Expected, Standing, hex};

/// `record` is what lies there now. What is in force of a capacity is not said with a decision.
pub(crate) fn said(applied: &Applied, record: &[u8]) -> Expected {
    Expected {
        verdict: applied.verdict.as_str().to_owned(),
        effect: applied.effect.as_str().to_owned(),
        changed: applied.record.is_some(),
        retry_after_ns: applied.retry_after.as_nanos(),
        limits: applied.limits.iter().copied().map(Standing::from).collect(),
        record: hex(record),
    }
}

/// What the vectors expect of a decision alone.
pub(crate) fn expected(mut expected: Expected) -> Expected {
    expected.limits.iter_mut().for_each(|limit| limit.capacity = None);
    expected
}
