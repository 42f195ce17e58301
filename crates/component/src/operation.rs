//! Converts operations from the interface's types to the core's.

use tollgate_core::{
    Acquire, CapacitySetting, Costs, Hold, Note, Operation, Policy, ReduceFactor, Share, Span,
};

use crate::bindings::exports::tollgate::limiter::limiter as wit;
use crate::convert::id;

/// The operation, if its numbers are in range.
pub(crate) fn operation(
    policy: &Policy,
    operation: wit::Operation,
) -> Result<Operation, wit::DecideError> {
    Ok(match operation {
        wit::Operation::Acquire(asked) => Operation::Acquire(acquire(policy, &asked)?),
        wit::Operation::Settle(settle) => Operation::Settle {
            hold: id(settle.hold),
            costs: settle.costs.map(|units| costs(policy, &units)).transpose()?,
        },
        wit::Operation::Release(hold) => Operation::Release { hold: id(hold) },
        wit::Operation::Renew(renewed) => Operation::Renew { hold: hold(renewed)? },
        wit::Operation::Penalise(units) => Operation::Penalise(costs(policy, &units)?),
        wit::Operation::Block(span) => Operation::Block(Span::from_nanos(span)),
        wit::Operation::Reset => Operation::Reset,
        wit::Operation::LowerRemaining(it) => {
            Operation::Lower { limit: it.limit as usize, remaining: it.remaining }
        }
        wit::Operation::SetCapacity(set) => Operation::SetCapacity {
            limit: set.limit as usize,
            capacity: set.capacity.map(capacity).transpose()?,
            note: note(&set.note)?,
        },
        wit::Operation::Reduce(reduce) => Operation::Reduce {
            limit: reduce.limit as usize,
            factor: ReduceFactor::from_permille(reduce.factor_permille)
                .ok_or(wit::DecideError::Factor)?,
            note: note(&reduce.note)?,
        },
    })
}

fn acquire(policy: &Policy, asked: &wit::Acquire) -> Result<Acquire, wit::DecideError> {
    let share = Share::from_permille(asked.share_permille).ok_or(wit::DecideError::Share)?;
    Ok(Acquire {
        costs: costs(policy, &asked.costs)?,
        share,
        hold: asked.hold.map(hold).transpose()?,
        once: asked.once.map(id),
    })
}

fn costs(policy: &Policy, units: &[u64]) -> Result<Costs, wit::DecideError> {
    policy.costs_in_order(units).map_err(|_| wit::DecideError::Costs)
}

fn hold(hold: wit::Hold) -> Result<Hold, wit::DecideError> {
    Hold::new(id(hold.id), Span::from_nanos(hold.ttl)).ok_or(wit::DecideError::Ttl)
}

fn capacity((units, period): (u64, u64)) -> Result<CapacitySetting, wit::DecideError> {
    CapacitySetting::new(units, Span::from_nanos(period)).ok_or(wit::DecideError::Capacity)
}

fn note(note: &wit::Note) -> Result<Note, wit::DecideError> {
    Note::new(&note.source, &note.reason).ok_or(wit::DecideError::Note)
}
