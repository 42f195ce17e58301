//! What the core says of a decision, as the vectors spell it.

use tollgate_core::{Decision, LimitStatus, Policy};

use crate::format::{CapacityText, Expected, Standing, hex};

/// The decision, and what lies in the store after it: the bytes `before` when it writes nothing.
pub(crate) fn said(policy: &Policy, decision: &Decision<'_>, before: &[u8]) -> Expected {
    let after = decision.changed().then(|| decision.record().encode(policy));
    let statuses = decision.limits().enumerate();
    Expected {
        verdict: decision.verdict().as_str().to_owned(),
        effect: decision.effect().as_str().to_owned(),
        changed: decision.changed(),
        retry_after_ns: decision.retry_after().as_nanos(),
        limits: statuses.map(|(index, status)| standing(decision, index, status)).collect(),
        record: hex(after.as_deref().unwrap_or(before)),
    }
}

fn standing(decision: &Decision<'_>, index: usize, status: LimitStatus) -> Standing {
    let capacity = decision.capacity(index).map(|it| CapacityText {
        capacity: it.capacity,
        original: it.original,
        per_ns: it.period.as_nanos(),
    });
    Standing { capacity, ..status.into() }
}
