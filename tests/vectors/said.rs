//! What a limiter component says, as the vectors spell it.
//!
//! A guest and a host have different bindings of the same names, so this file is a module of both: it
//! wants the bindings of the interface as `wit`, and `format`, in the module above it.

use super::format::{CapacityText, Expected, Standing, hex};
use super::wit;

const fn verdict(verdict: wit::Verdict) -> &'static str {
    match verdict {
        wit::Verdict::Allowed => "allowed",
        wit::Verdict::Limited => "limited",
        wit::Verdict::Impossible => "impossible",
    }
}

const fn effect(effect: wit::Effect) -> &'static str {
    match effect {
        wit::Effect::None => "none",
        wit::Effect::Charged => "charged",
        wit::Effect::Held => "held",
        wit::Effect::Repeated => "repeated",
        wit::Effect::Settled => "settled",
        wit::Effect::Released => "released",
        wit::Effect::Renewed => "renewed",
        wit::Effect::NoHold => "no-hold",
        wit::Effect::Changed => "changed",
    }
}

fn standing(status: &wit::LimitStatus, capacity: Option<wit::Capacity>) -> Standing {
    Standing {
        verdict: verdict(status.verdict).to_owned(),
        limit: status.limit,
        remaining: status.remaining,
        held: status.held,
        retry_after_ns: status.retry_after,
        reset_after_ns: status.reset_after,
        delay_ns: status.delay,
        capacity: capacity.map(|it| CapacityText {
            capacity: it.capacity,
            original: it.original,
            per_ns: it.period,
        }),
    }
}

/// What a decision says; `before` is what stays when nothing is written. `capacity_of` is asked for the
/// capacity of the limit at each position, over the record that there is then.
pub(crate) fn said(
    decision: &wit::Decision,
    before: &[u8],
    mut capacity_of: impl FnMut(&[u8], u32) -> Option<wit::Capacity>,
) -> Expected {
    let after = decision.record.as_deref().unwrap_or(before);
    let limits = (0..).zip(&decision.limits);
    Expected {
        verdict: verdict(decision.verdict).to_owned(),
        effect: effect(decision.effect).to_owned(),
        changed: decision.record.is_some(),
        retry_after_ns: decision.retry_after,
        limits: limits.map(|(position, it)| standing(it, capacity_of(after, position))).collect(),
        record: hex(after),
    }
}
