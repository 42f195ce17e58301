//! Converts between the core's types and those of `tollgate:limiter`, for callers of a limiter component.
//!
//! A guest and a host have different bindings of the same names, so this file is a module of both: it
//! expects the interface's bindings as `wit` in its parent module.

#![allow(dead_code, reason = "a module of several crates, not all of which use all of it")]

use tollgate_core::{
    Acquire, Algorithm, Applied, CalendarUnit, CapacitySetting, Carry, CorruptRecord, Costs,
    Effect, Hold, Id, Limit, LimitStatus, Note, Operation, Overrun, Span, Verdict, Windows,
};

use super::wit;

pub(crate) fn limit(limit: &Limit) -> wit::Limit {
    wit::Limit {
        name: limit.name().to_string(),
        algorithm: algorithm(limit.algorithm()),
        shadow: limit.is_shadow(),
        overrun: match limit.overrun() {
            Overrun::Debt => wit::Overrun::Debt,
            Overrun::Refuse => wit::Overrun::Refuse,
        },
    }
}

fn algorithm(algorithm: Algorithm) -> wit::Algorithm {
    match algorithm {
        Algorithm::Gcra { limit, period, burst } => {
            wit::Algorithm::Gcra(wit::Gcra { limit, period: period.as_nanos(), burst })
        }
        Algorithm::TokenBucket { capacity, refill, period, initial } => {
            let period = period.as_nanos();
            wit::Algorithm::TokenBucket(wit::TokenBucket { capacity, refill, period, initial })
        }
        Algorithm::IntervalBucket { capacity, refill, windows: w, initial } => {
            let windows = windows(w);
            wit::Algorithm::IntervalBucket(wit::IntervalBucket {
                capacity,
                refill,
                windows,
                initial,
            })
        }
        Algorithm::LeakyBucket { capacity, leak, period } => {
            let period = period.as_nanos();
            wit::Algorithm::LeakyBucket(wit::LeakyBucket { capacity, leak, period })
        }
        Algorithm::LeakyQueue { capacity, leak, period } => {
            let period = period.as_nanos();
            wit::Algorithm::LeakyQueue(wit::LeakyBucket { capacity, leak, period })
        }
        Algorithm::FixedWindow { limit, windows: w } => {
            wit::Algorithm::FixedWindow(wit::FixedWindow { limit, windows: windows(w) })
        }
        Algorithm::SlidingLog { limit, period } => {
            wit::Algorithm::SlidingLog(wit::SlidingWindow { limit, period: period.as_nanos() })
        }
        Algorithm::SlidingCounter { limit, period } => {
            wit::Algorithm::SlidingCounter(wit::SlidingWindow { limit, period: period.as_nanos() })
        }
        Algorithm::Concurrency { slots } => wit::Algorithm::Concurrency(slots),
        Algorithm::Adaptive { capacity, period, recovery } => {
            let recovery = wit::Recovery {
                interval: recovery.interval.as_nanos(),
                factor_permille: recovery.factor_permille,
                ceiling_permille: recovery.ceiling_permille,
            };
            let period = period.as_nanos();
            wit::Algorithm::Adaptive(wit::Adaptive { capacity, period, recovery })
        }
    }
}

fn windows(windows: Windows) -> wit::Windows {
    match windows {
        Windows::Aligned { period, utc_offset_secs } => {
            let period = period.as_nanos();
            wit::Windows::Aligned(wit::AlignedWindows { period, utc_offset_secs })
        }
        Windows::FirstUse { period } => wit::Windows::FirstUse(period.as_nanos()),
        Windows::Calendar { unit, utc_offset_secs } => {
            let unit = match unit {
                CalendarUnit::Day => wit::CalendarUnit::Day,
                CalendarUnit::Week => wit::CalendarUnit::Week,
                CalendarUnit::Month => wit::CalendarUnit::Month,
            };
            wit::Windows::Calendar(wit::CalendarWindows { unit, utc_offset_secs })
        }
    }
}

pub(crate) fn operation(operation: &Operation) -> wit::Operation {
    match operation {
        Operation::Acquire(asked) => wit::Operation::Acquire(acquire(asked)),
        Operation::Settle { hold, costs } => wit::Operation::Settle(wit::Settle {
            hold: id(*hold),
            costs: costs.as_ref().map(units),
        }),
        Operation::Release { hold } => wit::Operation::Release(id(*hold)),
        Operation::Renew { hold: renewed } => wit::Operation::Renew(hold(*renewed)),
        Operation::Penalise(costs) => wit::Operation::Penalise(units(costs)),
        Operation::Block(span) => wit::Operation::Block(span.as_nanos()),
        Operation::Reset => wit::Operation::Reset,
        Operation::Lower { limit, remaining } => {
            let limit = position(*limit);
            wit::Operation::LowerRemaining(wit::LowerRemaining { limit, remaining: *remaining })
        }
        Operation::SetCapacity { limit, capacity, note: n } => {
            let pair = |it: CapacitySetting| (it.capacity(), it.period().as_nanos());
            let (limit, capacity) = (position(*limit), capacity.map(pair));
            wit::Operation::SetCapacity(wit::SetCapacity { limit, capacity, note: note(n) })
        }
        Operation::Reduce { limit, factor, note: n } => {
            let (limit, factor_permille) = (position(*limit), factor.as_permille());
            wit::Operation::Reduce(wit::Reduce { limit, factor_permille, note: note(n) })
        }
    }
}

fn acquire(asked: &Acquire) -> wit::Acquire {
    wit::Acquire {
        costs: units(&asked.costs),
        share_permille: asked.share.as_permille(),
        hold: asked.hold.map(hold),
        once: asked.once.map(id),
    }
}

fn units(costs: &Costs) -> Vec<u64> {
    costs.as_slice().to_vec()
}

fn hold(hold: Hold) -> wit::Hold {
    wit::Hold { id: id(hold.id()), ttl: hold.ttl().as_nanos() }
}

pub(crate) fn id(id: Id) -> wit::Id {
    let bits = id.as_u128();
    wit::Id { high: (bits >> 64) as u64, low: bits as u64 }
}

/// A policy has few limits, and any other position names none of them.
pub(crate) fn position(limit: usize) -> u32 {
    u32::try_from(limit).unwrap_or(u32::MAX)
}

fn note(note: &Note) -> wit::Note {
    wit::Note { source: note.source().to_owned(), reason: note.reason().to_owned() }
}

pub(crate) fn applied(decision: wit::Decision) -> Applied {
    Applied {
        verdict: verdict(decision.verdict),
        effect: effect(decision.effect),
        limits: decision.limits.iter().map(limit_status).collect(),
        retry_after: Span::from_nanos(decision.retry_after),
        closed_for: Span::from_nanos(decision.closed_for),
        delay: Span::from_nanos(decision.delay),
        record: decision.record,
    }
}

pub(crate) fn limit_status(status: &wit::LimitStatus) -> LimitStatus {
    LimitStatus {
        verdict: verdict(status.verdict),
        limit: status.limit,
        remaining: status.remaining,
        held: status.held,
        retry_after: Span::from_nanos(status.retry_after),
        reset_after: Span::from_nanos(status.reset_after),
        delay: Span::from_nanos(status.delay),
    }
}

pub(crate) fn verdict(verdict: wit::Verdict) -> Verdict {
    match verdict {
        wit::Verdict::Allowed => Verdict::Allowed,
        wit::Verdict::Limited => Verdict::Limited,
        wit::Verdict::Impossible => Verdict::Impossible,
    }
}

pub(crate) const fn carry(carry: Carry) -> wit::Carry {
    match carry {
        Carry::AsIs => wit::Carry::AsIs,
        Carry::InProportion => wit::Carry::InProportion,
        Carry::Reset => wit::Carry::Reset,
    }
}

pub(crate) fn effect(effect: wit::Effect) -> Effect {
    match effect {
        wit::Effect::None => Effect::None,
        wit::Effect::Charged => Effect::Charged,
        wit::Effect::Held => Effect::Held,
        wit::Effect::Repeated => Effect::Repeated,
        wit::Effect::Settled => Effect::Settled,
        wit::Effect::Released => Effect::Released,
        wit::Effect::Renewed => Effect::Renewed,
        wit::Effect::NoHold => Effect::NoHold,
        wit::Effect::Changed => Effect::Changed,
    }
}

pub(crate) fn corrupt(corrupt: wit::CorruptRecord) -> CorruptRecord {
    match corrupt {
        wit::CorruptRecord::Empty => CorruptRecord::Empty,
        wit::CorruptRecord::Version(version) => CorruptRecord::Version(version),
        wit::CorruptRecord::Length(bytes) => CorruptRecord::Length(bytes as usize),
        wit::CorruptRecord::Repeated(tag) => CorruptRecord::Repeated(tag),
    }
}
