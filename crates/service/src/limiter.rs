//! What decides: the core linked in, or a limiter component in WebAssembly.

use tollgate_core::{
    Applied, Carry, Change, CorruptBytes, CorruptRecord, Decide, Operation, Policy, Record, Span,
    Timestamp,
};

use crate::opened::Opened;

/// Decides over records. A policy is opened once, then named by the handle that [`open`](Self::open) gave.
pub trait Limiter {
    /// An open policy.
    type Opened;

    /// Opens a policy for deciding.
    ///
    /// # Errors
    /// A [`LimiterError`] if this limiter can't take it.
    fn open(&self, policy: &Policy) -> Result<Self::Opened, LimiterError>;

    /// Applies `operation` to a key at `now`, over its record.
    ///
    /// # Errors
    /// A [`LimiterError`]; nothing was done.
    fn apply(
        &self,
        policy: &Self::Opened,
        record: Option<&[u8]>,
        operation: &Operation,
        now: Timestamp,
    ) -> Result<Applied, LimiterError>;

    /// The current capacity of the adaptive limit at this index; `None` for any other limit.
    ///
    /// # Errors
    /// A [`LimiterError`] if the bytes are no record.
    fn capacity_of(
        &self,
        policy: &Self::Opened,
        record: Option<&[u8]>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Option<Capacity>, LimiterError>;

    /// How long after `now` a record decides as none would.
    ///
    /// # Errors
    /// A [`LimiterError`] if the bytes are no record.
    fn forget_after(
        &self,
        policy: &Self::Opened,
        record: &[u8],
        now: Timestamp,
    ) -> Result<Span, LimiterError>;

    /// The record of a key under `policy`, given `record`, that of the policy before; a fresh one for a key that was
    /// never seen.
    ///
    /// # Errors
    /// A [`LimiterError`] if the bytes are no record.
    fn carry_over(
        &self,
        policy: &Self::Opened,
        record: Option<&[u8]>,
        change: &PolicyChange<'_, Self::Opened>,
    ) -> Result<Vec<u8>, LimiterError>;
}

/// A change of a policy that a record has to follow.
#[derive(Debug, Clone, Copy)]
pub struct PolicyChange<'a, P> {
    /// The policy as it was before.
    pub old: &'a P,
    /// How its records are carried over.
    pub carry: Carry,
    /// When it took effect.
    pub at: Timestamp,
    /// The revision that the record carries from now on.
    pub revision: u64,
}

/// The current capacity of an adaptive limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capacity {
    /// Units per period now.
    pub capacity: u64,
    /// Units per period without the reduction.
    pub original: u64,
    /// The period.
    pub period: Span,
    /// Units that could be acquired now.
    pub available: u64,
    /// Units that are held.
    pub in_flight: u64,
    /// The last explicit change.
    pub change: Option<Change>,
}

/// Why a limiter could not decide.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimiterError {
    /// The bytes in the store are no record.
    #[error("{0}")]
    Corrupt(#[from] CorruptRecord),
    /// The bytes in the store are no record of events, or of a barrier.
    #[error("{0}")]
    CorruptBytes(#[from] CorruptBytes),
    /// The bytes in the store are no live policies.
    #[error("these are no live policies of a version that is known")]
    CorruptPolicies,
    /// The limiter is not the one that this service was built for.
    #[error("the limiter refused: {0}")]
    Refused(String),
}

/// A policy and a key for each leg of an acquisition of several.
pub(crate) struct Legs<'a, L: Limiter> {
    pub(crate) limiter: &'a L,
    pub(crate) places: Vec<(&'a Opened<L>, &'a str)>,
}

impl<L: Limiter> Decide for Legs<'_, L> {
    type Error = LimiterError;

    fn apply(
        &self,
        leg: usize,
        record: Option<&[u8]>,
        operation: &Operation,
        now: Timestamp,
    ) -> Result<Applied, LimiterError> {
        let place = self.places.get(leg);
        let place = place.ok_or_else(|| LimiterError::Refused(String::from("no such key")))?;
        place.0.apply(self.limiter, place.1, record, operation, now)
    }

    fn forget_after(&self, leg: usize, record: &[u8], now: Timestamp) -> Span {
        let place = self.places.get(leg);
        let after = place.and_then(|it| it.0.forget_after(self.limiter, record, now).ok());
        after.unwrap_or(Span::NEVER)
    }
}

/// The core, linked in.
#[derive(Debug, Clone, Copy, Default)]
pub struct CoreLimiter;

impl Limiter for CoreLimiter {
    type Opened = Policy;

    fn open(&self, policy: &Policy) -> Result<Policy, LimiterError> {
        Ok(policy.clone())
    }

    fn apply(
        &self,
        policy: &Policy,
        record: Option<&[u8]>,
        operation: &Operation,
        now: Timestamp,
    ) -> Result<Applied, LimiterError> {
        let mut record = decoded(policy, record)?;
        Ok(Applied::new(policy, &policy.apply(&mut record, operation, now)))
    }

    fn capacity_of(
        &self,
        policy: &Policy,
        record: Option<&[u8]>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Option<Capacity>, LimiterError> {
        let mut record = decoded(policy, record)?;
        let peek = policy.no_costs().into();
        let decision = policy.apply(&mut record, &peek, now);
        let (Some(numbers), Some(status)) =
            (decision.capacity(limit), decision.limits().nth(limit))
        else {
            return Ok(None);
        };
        Ok(Some(Capacity {
            capacity: numbers.capacity,
            original: numbers.original,
            period: numbers.period,
            available: status.remaining,
            in_flight: status.held,
            change: decision.capacity_change(limit).cloned(),
        }))
    }

    fn forget_after(
        &self,
        policy: &Policy,
        record: &[u8],
        now: Timestamp,
    ) -> Result<Span, LimiterError> {
        Ok(Record::decode(policy, record)?.forget_after(policy, now))
    }

    fn carry_over(
        &self,
        policy: &Policy,
        record: Option<&[u8]>,
        change: &PolicyChange<'_, Policy>,
    ) -> Result<Vec<u8>, LimiterError> {
        let carried = match record {
            Some(bytes) => {
                let record = Record::decode(change.old, bytes)?;
                policy.carry(change.old, &record, change.carry, change.at)
            }
            None => Record::new(policy),
        };
        Ok(carried.with_revision(change.revision).encode(policy))
    }
}

fn decoded(policy: &Policy, record: Option<&[u8]>) -> Result<Record, CorruptRecord> {
    record.map_or_else(|| Ok(Record::new(policy)), |bytes| Record::decode(policy, bytes))
}
