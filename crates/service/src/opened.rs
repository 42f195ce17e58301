//! A policy that is ready for requests, and how the records of its keys are asked.

use std::borrow::Cow;
use std::sync::Arc;

use tollgate_core::{Applied, Carry, Operation, Record, Span, Timestamp};
use tollgate_policy::{Exactness, NamedPolicy};

use crate::answer::{Answers, Detail};
use crate::fields::DecisionFields;
use crate::hot::HotKeys;
use crate::limiter::{Capacity, Limiter, LimiterError, PolicyChange};
use crate::tally::Decisions;

/// A policy, ready for requests.
pub(crate) struct Opened<L: Limiter> {
    pub(crate) named: NamedPolicy,
    fields: DecisionFields,
    handle: L::Opened,
    /// What is granted while the store can't be asked.
    pub(crate) local: Option<L::Opened>,
    /// Shared by all policies that are counted together.
    pub(crate) decisions: Arc<Decisions>,
    /// Of this policy alone: what a process holds of a key is spent by the limits that it was held of.
    pub(crate) hot_keys: HotKeys,
    /// Nothing of one that the configuration has had from the beginning.
    origin: Option<Origin<L>>,
}

/// How a policy came to be in force.
pub(crate) struct Origin<L: Limiter> {
    /// What its records say that they were written under; at least 1.
    pub(crate) revision: u64,
    pub(crate) at: Timestamp,
    pub(crate) carry: Carry,
    /// The policy before; nothing where there was none, or none that is remembered.
    pub(crate) before: Option<Arc<Opened<L>>>,
}

impl<L: Limiter> Opened<L> {
    pub(crate) fn new(
        limiter: &L,
        named: NamedPolicy,
        decisions: Arc<Decisions>,
    ) -> Result<Self, LimiterError> {
        Ok(Self {
            fields: DecisionFields::new(&named),
            handle: limiter.open(named.limits())?,
            local: named.local().map(|local| limiter.open(local)).transpose()?,
            decisions,
            hot_keys: HotKeys::default(),
            origin: None,
            named,
        })
    }

    /// The same policy, as it came to be in force.
    pub(crate) fn with_origin(self, origin: Origin<L>) -> Self {
        Self { origin: Some(origin), ..self }
    }

    /// The revision under which its records are written.
    pub(crate) fn revision(&self) -> u64 {
        self.origin.as_ref().map_or(0, |origin| origin.revision)
    }

    /// Whether a store that can't compare and swap will do.
    pub(crate) fn is_best_effort(&self) -> bool {
        self.named.exactness() == Exactness::BestEffort
    }

    pub(crate) const fn answers(&self, detail: Detail) -> Answers<'_> {
        Answers { policy: self.named.limits(), fields: &self.fields, detail }
    }

    /// Does `operation` to a key at `now`, over its record.
    pub(crate) fn apply(
        &self,
        limiter: &L,
        record: Option<&[u8]>,
        operation: &Operation,
        now: Timestamp,
    ) -> Result<Applied, LimiterError> {
        let record = self.carried(limiter, record)?;
        limiter.apply(&self.handle, record.as_deref(), operation, now)
    }

    /// What is in force for the adaptive limit at this position.
    pub(crate) fn capacity_of(
        &self,
        limiter: &L,
        record: Option<&[u8]>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Option<Capacity>, LimiterError> {
        let record = self.carried(limiter, record)?;
        limiter.capacity_of(&self.handle, record.as_deref(), limit, now)
    }

    /// How long after `now` a key is still blocked.
    pub(crate) fn blocked_for(
        &self,
        limiter: &L,
        record: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Span, LimiterError> {
        let record = self.carried(limiter, record)?;
        let until = record.map(|record| Record::blocked_until_in(&record)).transpose()?;
        Ok(until.map_or(Span::ZERO, |until| until.since(now)))
    }

    /// How long after `now` a record that was written under this policy decides as none would.
    pub(crate) fn forget_after(
        &self,
        limiter: &L,
        record: &[u8],
        now: Timestamp,
    ) -> Result<Span, LimiterError> {
        limiter.forget_after(&self.handle, record, now)
    }

    /// How long after `now` a record decides as none would; nothing of one that was written under a later
    /// policy, which is in force elsewhere already.
    pub(crate) fn idle_after(
        &self,
        limiter: &L,
        record: &[u8],
        now: Timestamp,
    ) -> Result<Option<Span>, LimiterError> {
        if Record::revision_in(record)? > self.revision() {
            return Ok(None);
        }
        match self.carried(limiter, Some(record))? {
            Some(record) => self.forget_after(limiter, &record, now).map(Some),
            None => Ok(Some(Span::ZERO)),
        }
    }

    /// The record as this policy reads it. One of an earlier policy follows every change since, each as
    /// of the moment at which it took effect, so that it does not matter who looks or when; one of a
    /// later policy stays as it is, since that is in force elsewhere already.
    fn carried<'r>(
        &self,
        limiter: &L,
        record: Option<&'r [u8]>,
    ) -> Result<Option<Cow<'r, [u8]>>, LimiterError> {
        let Some(origin) = &self.origin else { return Ok(record.map(Cow::Borrowed)) };
        let record = match (record, &origin.before) {
            (Some(record), _) if Record::revision_in(record)? >= origin.revision => {
                return Ok(Some(Cow::Borrowed(record)));
            }
            (Some(record), Some(before)) => before.carried(limiter, Some(record))?,
            (record, _) => record.map(Cow::Borrowed),
        };
        let change = PolicyChange {
            old: origin.before.as_ref().map_or(&self.handle, |before| &before.handle),
            carry: origin.carry,
            at: origin.at,
            revision: origin.revision,
        };
        limiter.carry_over(&self.handle, record.as_deref(), &change).map(Cow::Owned).map(Some)
    }
}
