//! What a limiter component says of a decision, as the vectors spell it.
//!
//! A guest and a host have different bindings of the same names, so this file is a module of both: it
//! wants the bindings of the interface as `wit`, and `format` and `to_wit`, in the module above it.

use super::format::{CapacityText, Expected, Standing, hex};
use super::{to_wit, wit};

/// The decision, and what lies in the store after it: the bytes `before` when it writes nothing.
/// `capacity_of` tells the capacity of the limit at a position, over the record that there is then.
pub(crate) fn said(
    decision: &wit::Decision,
    before: &[u8],
    mut capacity_of: impl FnMut(&[u8], u32) -> Option<wit::Capacity>,
) -> Expected {
    let after = decision.record.as_deref().unwrap_or(before);
    let limits = (0..).zip(&decision.limits);
    Expected {
        verdict: to_wit::verdict(decision.verdict).as_str().to_owned(),
        effect: to_wit::effect(decision.effect).as_str().to_owned(),
        changed: decision.record.is_some(),
        retry_after_ns: decision.retry_after,
        limits: limits.map(|(position, it)| standing(it, capacity_of(after, position))).collect(),
        record: hex(after),
    }
}

fn standing(status: &wit::LimitStatus, capacity: Option<wit::Capacity>) -> Standing {
    let capacity = capacity.map(|it| CapacityText {
        capacity: it.capacity,
        original: it.original,
        per_ns: it.period,
    });
    Standing { capacity, ..to_wit::limit_status(status).into() }
}
