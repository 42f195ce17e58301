//! `--decisions`: one JSON line per request.

use std::io::Write;

use anyhow::Result;
use serde::Serialize;
use tollgate_core::{Decision, LimitStatus, Policy, Verdict};

use crate::by_name::ByName;
use crate::timestamp_text::rfc3339;
use crate::trace::Event;

#[derive(Serialize)]
struct DecisionLine<'a> {
    line: u64,
    time: String,
    time_ns: u64,
    key: &'a str,
    cost: ByName<'a, u64>,
    allowed: bool,
    verdict: &'static str,
    limits: ByName<'a, Numbers>,
}

/// Where a limit stands. Times are rounded up to milliseconds; `None` is never.
#[derive(Serialize)]
struct Numbers {
    limit: u64,
    remaining: u64,
    retry_after_ms: Option<u64>,
    reset_after_ms: Option<u64>,
}

impl From<LimitStatus> for Numbers {
    fn from(status: LimitStatus) -> Self {
        Self {
            limit: status.limit,
            remaining: status.remaining,
            retry_after_ms: status.retry_after.finite_millis_ceil(),
            reset_after_ms: status.reset_after.finite_millis_ceil(),
        }
    }
}

/// Writes the line of one request.
pub(crate) fn write(
    out: &mut dyn Write,
    policy: &Policy,
    event: &Event,
    decision: &Decision<'_>,
) -> Result<()> {
    let verdict = decision.verdict();
    let line = DecisionLine {
        line: event.line,
        time: rfc3339(event.time),
        time_ns: event.time.as_nanos(),
        key: &event.key,
        cost: ByName { policy, values: event.costs().to_vec() },
        allowed: verdict == Verdict::Allowed,
        verdict: verdict.as_str(),
        limits: ByName { policy, values: decision.limits().map(Numbers::from).collect() },
    };
    serde_json::to_writer(&mut *out, &line)?;
    out.write_all(b"\n")?;
    Ok(())
}
