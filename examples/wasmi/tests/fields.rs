//! From the types of the core, which the vectors are read to, to the module's.

use tollgate_core::{
    Acquire, Algorithm, CalendarUnit, Hold, Limit, Note, Operation, Overrun, Recovery, Span,
    Windows,
};
use tollgate_example_wasmi::{LimitFields, OperationFields};

pub(crate) fn limit(limit: &Limit) -> LimitFields {
    let refuses = limit.overrun() == Overrun::Refuse;
    let (algorithm, numbers) = numbers(limit.algorithm());
    let (windows, utc_offset_secs) = windows(limit.algorithm());
    let flags = u8::from(limit.is_shadow()) | u8::from(refuses) << 1;
    LimitFields {
        name: limit.name().to_string(),
        algorithm,
        flags,
        windows,
        utc_offset_secs,
        numbers,
    }
}

fn numbers(algorithm: Algorithm) -> (u8, [u64; 5]) {
    let ns = Span::as_nanos;
    match algorithm {
        Algorithm::Gcra { limit, period, burst } => (0, [limit, burst, ns(period), 0, 0]),
        Algorithm::TokenBucket { capacity, refill, period, initial } => {
            (1, [capacity, refill, ns(period), initial, 0])
        }
        Algorithm::IntervalBucket { capacity, refill, windows, initial } => {
            (2, [capacity, refill, period(windows), initial, 0])
        }
        Algorithm::LeakyBucket { capacity, leak, period } => {
            (3, [capacity, leak, ns(period), 0, 0])
        }
        Algorithm::LeakyQueue { capacity, leak, period } => (4, [capacity, leak, ns(period), 0, 0]),
        Algorithm::FixedWindow { limit, windows } => (5, [limit, 0, period(windows), 0, 0]),
        Algorithm::SlidingLog { limit, period } => (6, [limit, 0, ns(period), 0, 0]),
        Algorithm::SlidingCounter { limit, period } => (7, [limit, 0, ns(period), 0, 0]),
        Algorithm::Concurrency { slots } => (8, [slots, 0, 0, 0, 0]),
        Algorithm::Adaptive { capacity, period, recovery } => {
            let Recovery { interval, factor_permille, ceiling_permille } = recovery;
            (9, [capacity, factor_permille, ns(period), ns(interval), ceiling_permille])
        }
    }
}

fn period(windows: Windows) -> u64 {
    match windows {
        Windows::Aligned { period, .. } | Windows::FirstUse { period } => period.as_nanos(),
        Windows::Calendar { .. } => 0,
    }
}

fn windows(algorithm: Algorithm) -> (u8, i32) {
    let (Algorithm::FixedWindow { windows, .. } | Algorithm::IntervalBucket { windows, .. }) =
        algorithm
    else {
        return (0, 0);
    };
    match windows {
        Windows::Aligned { utc_offset_secs, .. } => (0, utc_offset_secs),
        Windows::FirstUse { .. } => (1, 0),
        Windows::Calendar { unit: CalendarUnit::Day, utc_offset_secs } => (2, utc_offset_secs),
        Windows::Calendar { unit: CalendarUnit::Week, utc_offset_secs } => (3, utc_offset_secs),
        Windows::Calendar { unit: CalendarUnit::Month, utc_offset_secs } => (4, utc_offset_secs),
    }
}

pub(crate) fn operation(operation: &Operation) -> OperationFields {
    let usual = OperationFields::default();
    match operation {
        Operation::Acquire(asked) => acquire(asked),
        Operation::Settle { hold, costs } => OperationFields {
            kind: 1,
            hold: Some(hold.as_u128()),
            costs: costs.as_ref().map(|costs| costs.as_slice().to_vec()),
            ..usual
        },
        Operation::Release { hold } => {
            OperationFields { kind: 2, hold: Some(hold.as_u128()), ..usual }
        }
        Operation::Renew { hold } => held(OperationFields { kind: 3, ..usual }, *hold),
        Operation::Penalise(costs) => {
            OperationFields { kind: 4, costs: Some(costs.as_slice().to_vec()), ..usual }
        }
        Operation::Block(span) => OperationFields { kind: 5, span_ns: span.as_nanos(), ..usual },
        Operation::Reset => OperationFields { kind: 6, ..usual },
        Operation::Lower { limit, remaining } => {
            OperationFields { kind: 7, limit: *limit as u32, units: *remaining, ..usual }
        }
        Operation::SetCapacity { limit, capacity, note } => OperationFields {
            kind: 8,
            limit: *limit as u32,
            units: capacity.map_or(0, |it| it.capacity()),
            span_ns: capacity.map_or(0, |it| it.period().as_nanos()),
            note: texts(note),
            ..usual
        },
        Operation::Reduce { limit, factor, note } => OperationFields {
            kind: 9,
            limit: *limit as u32,
            permille: factor.as_permille(),
            note: texts(note),
            ..usual
        },
    }
}

fn acquire(asked: &Acquire) -> OperationFields {
    let fields = OperationFields {
        permille: asked.share.as_permille(),
        once: asked.once.map(|id| id.as_u128()),
        ..OperationFields::acquire(asked.costs.as_slice())
    };
    match asked.hold {
        Some(hold) => held(fields, hold),
        None => fields,
    }
}

fn held(fields: OperationFields, hold: Hold) -> OperationFields {
    OperationFields { hold: Some(hold.id().as_u128()), span_ns: hold.ttl().as_nanos(), ..fields }
}

fn texts(note: &Note) -> (String, String) {
    (note.source().to_owned(), note.reason().to_owned())
}
