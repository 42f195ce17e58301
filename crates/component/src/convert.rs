//! Converts between the core's types and the interface's.

use alloc::borrow::ToOwned;
use alloc::vec::Vec;

use tollgate_core::{
    Algorithm, CalendarUnit, Carry, Change, CorruptRecord, Decision, Effect, Field, Id, Limit,
    LimitError, LimitStatus, Overrun, Policy, PolicyError, Recovery, Span, Verdict, Windows,
};

use crate::bindings::exports::tollgate::limiter::limiter as wit;

pub(crate) fn id(id: wit::Id) -> Id {
    Id::from_u128(u128::from(id.high) << 64 | u128::from(id.low))
}

pub(crate) fn limit(limit: &wit::Limit) -> Result<Limit, wit::LimitProblem> {
    let made = Limit::new(&limit.name, algorithm(&limit.algorithm));
    let made = made.map_err(|error| limit_problem(&error))?.with_overrun(match limit.overrun {
        wit::Overrun::Debt => Overrun::Debt,
        wit::Overrun::Refuse => Overrun::Refuse,
    });
    Ok(if limit.shadow { made.shadow() } else { made })
}

fn algorithm(algorithm: &wit::Algorithm) -> Algorithm {
    let span = Span::from_nanos;
    match *algorithm {
        wit::Algorithm::Gcra(wit::Gcra { limit, period, burst }) => {
            Algorithm::Gcra { limit, period: span(period), burst }
        }
        wit::Algorithm::TokenBucket(wit::TokenBucket { capacity, refill, period, initial }) => {
            Algorithm::TokenBucket { capacity, refill, period: span(period), initial }
        }
        wit::Algorithm::IntervalBucket(it) => {
            let (capacity, refill, initial) = (it.capacity, it.refill, it.initial);
            Algorithm::IntervalBucket { capacity, refill, windows: windows(it.windows), initial }
        }
        wit::Algorithm::LeakyBucket(wit::LeakyBucket { capacity, leak, period }) => {
            Algorithm::LeakyBucket { capacity, leak, period: span(period) }
        }
        wit::Algorithm::LeakyQueue(wit::LeakyBucket { capacity, leak, period }) => {
            Algorithm::LeakyQueue { capacity, leak, period: span(period) }
        }
        wit::Algorithm::FixedWindow(it) => {
            Algorithm::FixedWindow { limit: it.limit, windows: windows(it.windows) }
        }
        wit::Algorithm::SlidingLog(wit::SlidingWindow { limit, period }) => {
            Algorithm::SlidingLog { limit, period: span(period) }
        }
        wit::Algorithm::SlidingCounter(wit::SlidingWindow { limit, period }) => {
            Algorithm::SlidingCounter { limit, period: span(period) }
        }
        wit::Algorithm::Concurrency(slots) => Algorithm::Concurrency { slots },
        wit::Algorithm::Adaptive(wit::Adaptive { capacity, period, recovery }) => {
            let recovery = Recovery {
                interval: span(recovery.interval),
                factor_permille: recovery.factor_permille,
                ceiling_permille: recovery.ceiling_permille,
            };
            Algorithm::Adaptive { capacity, period: span(period), recovery }
        }
    }
}

fn windows(windows: wit::Windows) -> Windows {
    match windows {
        wit::Windows::Aligned(wit::AlignedWindows { period, utc_offset_secs }) => {
            Windows::Aligned { period: Span::from_nanos(period), utc_offset_secs }
        }
        wit::Windows::FirstUse(period) => Windows::FirstUse { period: Span::from_nanos(period) },
        wit::Windows::Calendar(wit::CalendarWindows { unit, utc_offset_secs }) => {
            let unit = match unit {
                wit::CalendarUnit::Day => CalendarUnit::Day,
                wit::CalendarUnit::Week => CalendarUnit::Week,
                wit::CalendarUnit::Month => CalendarUnit::Month,
            };
            Windows::Calendar { unit, utc_offset_secs }
        }
    }
}

const fn limit_problem(error: &LimitError) -> wit::LimitProblem {
    match error {
        LimitError::Name => wit::LimitProblem::Name,
        LimitError::Period(_) => wit::LimitProblem::Period,
        LimitError::UtcOffset(_) => wit::LimitProblem::UtcOffset,
        LimitError::RecoveryInterval(_) => wit::LimitProblem::Recovery,
        LimitError::TimeToFull { .. } => wit::LimitProblem::TimeToFull,
        LimitError::Number { field, .. } => match field {
            Field::Limit => wit::LimitProblem::Limit,
            Field::Burst => wit::LimitProblem::Burst,
            Field::Refill => wit::LimitProblem::Refill,
            Field::Initial => wit::LimitProblem::Initial,
            Field::Leak => wit::LimitProblem::Leak,
            Field::Slots => wit::LimitProblem::Slots,
            Field::RecoveryFactor | Field::RecoveryCeiling => wit::LimitProblem::Recovery,
            // The interface has no default costs.
            Field::Capacity | Field::DefaultCost => wit::LimitProblem::Capacity,
        },
    }
}

impl From<PolicyError> for wit::OpenError {
    fn from(error: PolicyError) -> Self {
        match error {
            PolicyError::TooManyLimits => Self::TooManyLimits,
            PolicyError::TooManyLogs => Self::TooManyLogs,
            PolicyError::DuplicateName(_) | PolicyError::NameClash(..) => Self::NamesClash,
        }
    }
}

/// A decision under this policy, in the interface's types.
pub(crate) fn decision(policy: &Policy, decision: &Decision<'_>) -> wit::Decision {
    let mut limits = Vec::with_capacity(policy.limits().len());
    let waits = decision.waits(|status| limits.push(status.into()));
    wit::Decision {
        verdict: decision.verdict().into(),
        effect: decision.effect().into(),
        retry_after: waits.retry_after.as_nanos(),
        closed_for: waits.closed_for.as_nanos(),
        delay: waits.delay.as_nanos(),
        limits,
        record: decision.changed().then(|| decision.record().encode(policy)),
    }
}

/// The capacity in force for the adaptive limit at this position.
pub(crate) fn capacity(decision: &Decision<'_>, index: usize) -> Option<wit::Capacity> {
    let (capacity, status) = (decision.capacity(index)?, decision.limits().nth(index)?);
    Some(wit::Capacity {
        capacity: capacity.capacity,
        original: capacity.original,
        period: capacity.period.as_nanos(),
        available: status.remaining,
        in_flight: status.held,
        change: decision.capacity_change(index).map(change),
    })
}

fn change(change: &Change) -> wit::Change {
    let (source, reason) = (change.note.source().to_owned(), change.note.reason().to_owned());
    wit::Change {
        at: change.at.as_nanos(),
        capacity: change.capacity,
        note: wit::Note { source, reason },
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

impl From<wit::Carry> for Carry {
    fn from(carry: wit::Carry) -> Self {
        match carry {
            wit::Carry::AsIs => Self::AsIs,
            wit::Carry::InProportion => Self::InProportion,
            wit::Carry::Reset => Self::Reset,
        }
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

impl From<Effect> for wit::Effect {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::None => Self::None,
            Effect::Charged => Self::Charged,
            Effect::Held => Self::Held,
            Effect::Repeated => Self::Repeated,
            Effect::Settled => Self::Settled,
            Effect::Released => Self::Released,
            Effect::Renewed => Self::Renewed,
            Effect::NoHold => Self::NoHold,
            Effect::Changed => Self::Changed,
        }
    }
}

impl From<LimitStatus> for wit::LimitStatus {
    fn from(status: LimitStatus) -> Self {
        Self {
            verdict: status.verdict.into(),
            limit: status.limit,
            remaining: status.remaining,
            held: status.held,
            retry_after: status.retry_after.as_nanos(),
            reset_after: status.reset_after.as_nanos(),
            delay: status.delay.as_nanos(),
        }
    }
}
