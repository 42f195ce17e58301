//! Reads an operation from its fields in the exchange.

use tollgate_core::{
    Acquire, CapacitySetting, Costs, Hold, Id, Note, Operation, Policy, ReduceFactor, Share, Span,
};

use crate::error::Error;
use crate::exchange::OperationFields;

/// Bits of `flags`.
const HAS_HOLD: u8 = 1;
const HAS_ONCE: u8 = 2;
const HAS_COSTS: u8 = 4;

impl OperationFields {
    /// The operation, if its numbers are in range.
    pub(crate) fn operation(&self, policy: &Policy) -> Result<Operation, Error> {
        if self.flags & !(HAS_HOLD | HAS_ONCE | HAS_COSTS) != 0 {
            return Err(Error::Operation);
        }
        let (limit, span) = (self.limit as usize, Span::from_nanos(self.span_ns));
        Ok(match self.kind {
            0 => Operation::Acquire(self.acquire(policy)?),
            1 => {
                let costs = self.has(HAS_COSTS).then(|| self.costs(policy)).transpose()?;
                Operation::Settle { hold: id(self.hold), costs }
            }
            2 => Operation::Release { hold: id(self.hold) },
            3 => Operation::Renew { hold: self.hold()? },
            4 => Operation::Penalise(self.costs(policy)?),
            5 => Operation::Block(span),
            6 => Operation::Reset,
            7 => Operation::Lower { limit, remaining: self.units },
            8 => Operation::SetCapacity { limit, capacity: self.capacity()?, note: self.note()? },
            9 => {
                let factor = ReduceFactor::from_permille(self.permille).ok_or(Error::Factor)?;
                Operation::Reduce { limit, factor, note: self.note()? }
            }
            _ => return Err(Error::Operation),
        })
    }

    /// One number for each limit of the policy.
    pub(crate) fn costs(&self, policy: &Policy) -> Result<Costs, Error> {
        let units = self.costs.get(..policy.limits().len()).unwrap_or_default();
        policy.costs_in_order(units).map_err(|_| Error::Costs)
    }

    fn acquire(&self, policy: &Policy) -> Result<Acquire, Error> {
        Ok(Acquire {
            costs: self.costs(policy)?,
            share: Share::from_permille(self.permille).ok_or(Error::Share)?,
            hold: self.has(HAS_HOLD).then(|| self.hold()).transpose()?,
            once: self.has(HAS_ONCE).then(|| id(self.once)),
        })
    }

    fn hold(&self) -> Result<Hold, Error> {
        Hold::new(id(self.hold), Span::from_nanos(self.span_ns)).ok_or(Error::Ttl)
    }

    /// `None` for 0 units, which restores the policy's numbers.
    fn capacity(&self) -> Result<Option<CapacitySetting>, Error> {
        if self.units == 0 {
            return Ok(None);
        }
        let setting = CapacitySetting::new(self.units, Span::from_nanos(self.span_ns));
        setting.map(Some).ok_or(Error::Capacity)
    }

    fn note(&self) -> Result<Note, Error> {
        let source = text(&self.source, self.source_bytes)?;
        Note::new(source, text(&self.reason, self.reason_bytes)?).ok_or(Error::Note)
    }

    const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

fn text(bytes: &[u8], length: u16) -> Result<&str, Error> {
    let bytes = bytes.get(..usize::from(length)).ok_or(Error::Note)?;
    str::from_utf8(bytes).map_err(|_| Error::Note)
}

/// Big-endian, as in text.
const fn id(bytes: [u8; 16]) -> Id {
    Id::from_u128(u128::from_be_bytes(bytes))
}
