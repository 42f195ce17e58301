//! What a decision says, as the vectors spell it, whichever component made it.

use tollgate_core::{Applied, Effect, LimitStatus, Verdict};

use crate::vectors::format::{Expected, Standing, hex};

/// `record` is what lies there now. What is in force of a capacity is not said with a decision.
pub(crate) fn said(applied: &Applied, record: &[u8]) -> Expected {
    Expected {
        verdict: verdict(applied.verdict),
        effect: effect(applied.effect),
        changed: applied.record.is_some(),
        retry_after_ns: applied.retry_after.as_nanos(),
        limits: applied.limits.iter().map(standing).collect(),
        record: hex(record),
    }
}

/// What the vectors expect of a decision alone.
pub(crate) fn expected(mut expected: Expected) -> Expected {
    expected.limits.iter_mut().for_each(|limit| limit.capacity = None);
    expected
}

fn standing(status: &LimitStatus) -> Standing {
    Standing {
        verdict: verdict(status.verdict),
        limit: status.limit,
        remaining: status.remaining,
        held: status.held,
        retry_after_ns: status.retry_after.as_nanos(),
        reset_after_ns: status.reset_after.as_nanos(),
        delay_ns: status.delay.as_nanos(),
        capacity: None,
    }
}

fn verdict(verdict: Verdict) -> String {
    format!("{verdict:?}").to_lowercase()
}

fn effect(effect: Effect) -> String {
    if effect == Effect::NoHold {
        return "no-hold".to_owned();
    }
    format!("{effect:?}").to_lowercase()
}
