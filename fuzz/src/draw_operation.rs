//! Operations on a key, drawn from a fuzzer's bytes.

use arbitrary::{Error, Result, Unstructured};
use tollgate_core::{
    Acquire, CapacitySetting, Costs, HOLD_TTL_MAX, Hold, Id, Limit, Note, Operation, Policy,
    ReduceFactor, Share, Span, UNITS_MAX,
};

use crate::draw::{number, positive, span};

/// Few ids, so that they meet again.
const IDS: u128 = 6;

/// Any operation on a key of this policy.
pub(crate) fn operation(bytes: &mut Unstructured<'_>, policy: &Policy) -> Result<Operation> {
    Ok(match bytes.int_in_range(0..=15_u8)? {
        0..=6 => acquire(bytes, policy)?.into(),
        7 => {
            let costs = if bytes.arbitrary()? { Some(costs(bytes, policy)?) } else { None };
            Operation::Settle { hold: id(bytes)?, costs }
        }
        8 => Operation::Release { hold: id(bytes)? },
        9 => Operation::Renew { hold: hold(bytes)? },
        10 => Operation::Penalise(costs(bytes, policy)?),
        11 => Operation::Block(Span::from_nanos(number(bytes, u64::MAX)?)),
        12 => Operation::Reset,
        13 => Operation::Lower { limit: position(bytes)?, remaining: number(bytes, u64::MAX)? },
        14 => {
            let capacity = if bytes.arbitrary()? { Some(setting(bytes)?) } else { None };
            Operation::SetCapacity { limit: position(bytes)?, capacity, note: note()? }
        }
        _ => {
            let factor = ReduceFactor::from_permille(bytes.int_in_range(0..=999)?);
            let factor = factor.ok_or(Error::IncorrectFormat)?;
            Operation::Reduce { limit: position(bytes)?, factor, note: note()? }
        }
    })
}

fn acquire(bytes: &mut Unstructured<'_>, policy: &Policy) -> Result<Acquire> {
    let mut asked = Acquire::new(costs(bytes, policy)?);
    if bytes.ratio(1, 2)? {
        asked = asked.held(hold(bytes)?);
    }
    if bytes.ratio(1, 4)? {
        asked = asked.once(id(bytes)?);
    }
    if bytes.ratio(1, 4)? {
        let share = Share::from_permille(bytes.int_in_range(1..=1_000)?);
        asked = asked.with_share(share.ok_or(Error::IncorrectFormat)?);
    }
    Ok(asked)
}

/// For each limit nothing, one unit, its capacity, one less or more, or anything.
fn costs(bytes: &mut Unstructured<'_>, policy: &Policy) -> Result<Costs> {
    let units: Vec<u64> =
        policy.limits().iter().map(|limit| cost(bytes, limit)).collect::<Result<_>>()?;
    policy.costs_in_order(&units).map_err(|_| Error::IncorrectFormat)
}

fn cost(bytes: &mut Unstructured<'_>, limit: &Limit) -> Result<u64> {
    if limit.is_per_call() {
        return bytes.int_in_range(0..=1);
    }
    let capacity = limit.capacity();
    let cost = match bytes.int_in_range(0..=9_u8)? {
        0..=2 => 0,
        3..=4 => 1,
        5 => capacity,
        6 => capacity.saturating_sub(1),
        7 => capacity.saturating_add(1),
        8 => number(bytes, capacity)?,
        _ => number(bytes, UNITS_MAX)?,
    };
    Ok(cost.min(UNITS_MAX))
}

fn id(bytes: &mut Unstructured<'_>) -> Result<Id> {
    bytes.int_in_range(0..=IDS).map(Id::from_u128)
}

fn hold(bytes: &mut Unstructured<'_>) -> Result<Hold> {
    Hold::new(id(bytes)?, span(bytes, HOLD_TTL_MAX)?).ok_or(Error::IncorrectFormat)
}

/// A limit's position, or one beyond the last.
fn position(bytes: &mut Unstructured<'_>) -> Result<usize> {
    bytes.int_in_range(0..=tollgate_core::LIMITS_MAX)
}

fn setting(bytes: &mut Unstructured<'_>) -> Result<CapacitySetting> {
    let (capacity, period) = (positive(bytes, UNITS_MAX)?, span(bytes, Span::MAX)?);
    CapacitySetting::new(capacity, period).ok_or(Error::IncorrectFormat)
}

fn note() -> Result<Note> {
    Note::new("fuzzer", "because").ok_or(Error::IncorrectFormat)
}
