//! A policy that is ready for requests, and how it decides over the records of its keys.

use std::borrow::Cow;
use std::sync::Arc;

use tollgate_core::{Applied, Carry, Operation, Policy, Record, Span, Timestamp};
use tollgate_policy::{Exactness, NamedPolicy, Override};

use crate::answer::{Answers, Detail};
use crate::fields::DecisionFields;
use crate::hot::HotKeys;
use crate::limiter::{Capacity, Limiter, LimiterError, PolicyChange};
use crate::numbers::{Numbers, OpenLater};
use crate::tally::Decisions;

/// A policy with the numbers of some of its keys, ready for requests.
pub(crate) struct Opened<L: Limiter> {
    pub(crate) named: Arc<NamedPolicy>,
    fields: DecisionFields,
    numbers: Arc<Numbers<L>>,
    /// The index of its override; `None` for the policy's own numbers.
    position: Option<usize>,
    /// What is granted while the store is unavailable.
    local: OpenLater<L>,
    /// Shared by all policies that are counted together.
    pub(crate) decisions: Arc<Decisions>,
    /// For this policy alone, and shared by all its numbers: what a process holds of a key when the hour changes is
    /// spent within a second, and settled by the next request.
    pub(crate) hot_keys: Arc<HotKeys>,
    /// The same policy with other numbers, in the order of its text.
    overrides: Vec<Self>,
    /// Nothing for a policy that the configuration had from the start.
    origin: Option<Arc<Origin<L>>>,
}

/// How a policy came to be in force.
pub(crate) struct Origin<L: Limiter> {
    /// The revision that its records carry; at least 1.
    pub(crate) revision: u64,
    pub(crate) at: Timestamp,
    pub(crate) carry: Carry,
    /// The policy before; `None` if there was none, or it is no longer remembered.
    pub(crate) before: Option<Arc<Opened<L>>>,
}

impl<L: Limiter> Opened<L> {
    pub(crate) fn new(
        limiter: &L,
        named: NamedPolicy,
        decisions: &Arc<Decisions>,
    ) -> Result<Self, LimiterError> {
        let named = Arc::new(named);
        let numbers = Arc::new(Numbers::open(limiter, &named)?);
        let mut opened = Self {
            fields: DecisionFields::new(named.headers(), named.limits()),
            numbers,
            position: None,
            local: OpenLater::default(),
            decisions: Arc::clone(decisions),
            hot_keys: Arc::default(),
            overrides: Vec::new(),
            origin: None,
            named,
        };
        let overrides = opened.named.overrides().iter().enumerate();
        opened.overrides = overrides.map(|(at, it)| opened.with_numbers(at, it)).collect();
        Ok(opened)
    }

    /// The same policy with the numbers of the override at this index.
    fn with_numbers(&self, position: usize, numbers: &Override) -> Self {
        Self {
            fields: DecisionFields::new(self.named.headers(), numbers.limits()),
            numbers: Arc::clone(&self.numbers),
            position: Some(position),
            local: OpenLater::default(),
            decisions: Arc::clone(&self.decisions),
            hot_keys: Arc::clone(&self.hot_keys),
            overrides: Vec::new(),
            origin: None,
            named: Arc::clone(&self.named),
        }
    }

    /// The same policy, with how it came to be in force.
    pub(crate) fn with_origin(mut self, origin: Origin<L>) -> Self {
        let origin = Arc::new(origin);
        for it in &mut self.overrides {
            it.origin = Some(Arc::clone(&origin));
        }
        self.origin = Some(origin);
        self
    }

    /// The policy as it is in force for a key at this time.
    pub(crate) fn at(&self, key: &str, now: Timestamp) -> &Self {
        let position = self.named.override_at(key, now);
        position.and_then(|position| self.overrides.get(position)).unwrap_or(self)
    }

    fn overriding(&self) -> Option<&Override> {
        self.named.overrides().get(self.position?)
    }

    /// The limits of its keys.
    pub(crate) fn limits(&self) -> &Policy {
        self.overriding().map_or_else(|| self.named.limits(), Override::limits)
    }

    fn handle(&self, limiter: &L) -> Result<&L::Opened, LimiterError> {
        self.numbers.get(limiter, self.position)
    }

    /// The handle of the numbers that are in force for a key at this time.
    fn handle_at(
        &self,
        limiter: &L,
        key: &str,
        now: Timestamp,
    ) -> Result<&L::Opened, LimiterError> {
        self.numbers.get(limiter, self.named.override_at(key, now))
    }

    /// What this process grants alone while the store is unavailable; `None` if it grants nothing.
    pub(crate) fn local(&self, limiter: &L) -> Option<&L::Opened> {
        let local = self.overriding().map_or_else(|| self.named.local(), Override::local);
        self.local.open(limiter, local?).ok()
    }

    /// The revision under which its records are written.
    pub(crate) fn revision(&self) -> u64 {
        self.origin.as_ref().map_or(0, |origin| origin.revision)
    }

    /// Whether it is this very policy with the same numbers.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        (self.revision(), self.position) == (other.revision(), other.position)
    }

    /// Whether a store without compare-and-swap will do.
    pub(crate) fn is_best_effort(&self) -> bool {
        self.named.exactness() == Exactness::BestEffort
    }

    pub(crate) fn answers(&self, detail: Detail) -> Answers<'_> {
        Answers { policy: self.limits(), fields: &self.fields, detail }
    }

    /// Applies `operation` to a key at `now`, over its record.
    pub(crate) fn apply(
        &self,
        limiter: &L,
        key: &str,
        record: Option<&[u8]>,
        operation: &Operation,
        now: Timestamp,
    ) -> Result<Applied, LimiterError> {
        let record = self.carried(limiter, key, record)?;
        limiter.apply(self.handle(limiter)?, record.as_deref(), operation, now)
    }

    /// The current capacity of the adaptive limit at this index.
    pub(crate) fn capacity_of(
        &self,
        limiter: &L,
        key: &str,
        record: Option<&[u8]>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Option<Capacity>, LimiterError> {
        let record = self.carried(limiter, key, record)?;
        limiter.capacity_of(self.handle(limiter)?, record.as_deref(), limit, now)
    }

    /// How long after `now` a key is still blocked.
    pub(crate) fn blocked_for(
        &self,
        limiter: &L,
        key: &str,
        record: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Span, LimiterError> {
        let record = self.carried(limiter, key, record)?;
        let until = record.map(|record| Record::blocked_until_in(&record)).transpose()?;
        Ok(until.map_or(Span::ZERO, |until| until.since(now)))
    }

    /// How long after `now` a record written under this policy decides as none would.
    pub(crate) fn forget_after(
        &self,
        limiter: &L,
        record: &[u8],
        now: Timestamp,
    ) -> Result<Span, LimiterError> {
        if self.numbers.change_by_the_hour() {
            return self.numbers.forget_after(limiter, record, now);
        }
        limiter.forget_after(self.handle(limiter)?, record, now)
    }

    /// How long after `now` a record decides as none would, whatever its key. Nothing if unknown: for a record
    /// written under a later policy, already in force elsewhere, and for one that must follow a change of its key's
    /// numbers, if `key` is not given.
    pub(crate) fn idle_after(
        &self,
        limiter: &L,
        key: Option<&str>,
        record: &[u8],
        now: Timestamp,
    ) -> Result<Option<Span>, LimiterError> {
        let revision = Record::revision_in(record)?;
        if revision > self.revision() {
            return Ok(None);
        }
        let needs_key = revision < self.revision() && self.have_overrides();
        let Some(key) = key.or_else(|| (!needs_key).then_some("")) else { return Ok(None) };
        match self.carried(limiter, key, Some(record))? {
            Some(record) => self.numbers.forget_after(limiter, &record, now).map(Some),
            None => Ok(Some(Span::ZERO)),
        }
    }

    /// Whether some keys have numbers of their own under this policy, or had under an earlier one.
    pub(crate) fn have_overrides(&self) -> bool {
        let before = self.origin.as_ref().and_then(|origin| origin.before.as_ref());
        !self.overrides.is_empty() || before.is_some_and(|before| before.have_overrides())
    }

    /// The record of a key as this policy reads it. A record of an earlier policy follows every change since, each
    /// as of the moment at which it took effect, so that it does not matter who reads it or when. A record of a
    /// later policy stays as it is, since that policy is already in force elsewhere.
    fn carried<'r>(
        &self,
        limiter: &L,
        key: &str,
        record: Option<&'r [u8]>,
    ) -> Result<Option<Cow<'r, [u8]>>, LimiterError> {
        let Some(origin) = &self.origin else { return Ok(record.map(Cow::Borrowed)) };
        let record = match (record, &origin.before) {
            (Some(record), _) if Record::revision_in(record)? >= origin.revision => {
                return Ok(Some(Cow::Borrowed(record)));
            }
            (Some(record), Some(before)) => before.carried(limiter, key, Some(record))?,
            (record, _) => record.map(Cow::Borrowed),
        };
        let new = self.handle_at(limiter, key, origin.at)?;
        let old = match &origin.before {
            Some(before) => before.handle_at(limiter, key, origin.at)?,
            None => new,
        };
        let (carry, at, revision) = (origin.carry, origin.at, origin.revision);
        let change = PolicyChange { old, carry, at, revision };
        limiter.carry_over(new, record.as_deref(), &change).map(Cow::Owned).map(Some)
    }
}
