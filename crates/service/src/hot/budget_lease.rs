//! A budget lease: a hold on the shared record that this process spends without the store.
//!
//! Held units take up room for every process until they are settled or expire, so however a lease is spent, no more
//! is admitted than the limits allow. After its time, the next request settles the lease for what was spent, or a host
//! with a timer does. The hold lives a second longer than the lease is spent: with clocks less than a second apart,
//! nobody spends what others have seen expire. A process that dies with a lease loses it: it is charged in full when it
//! expires.

use tollgate_core::{Applied, Costs, Effect, Id, LimitStatus, Span, Timestamp, Verdict};

use super::terms::{Spent, Terms};

/// Units that this process holds, and how many of them it spent.
#[derive(Debug)]
pub(crate) struct BudgetLease {
    id: Id,
    terms: Terms,
    spent: Vec<u64>,
    /// How many requests spent them.
    requests: u64,
    /// The status of the limits when it was taken, with the lease itself not counted as remaining.
    limits: Vec<LimitStatus>,
    taken: Timestamp,
}

impl BudgetLease {
    pub(super) fn new(id: Id, terms: Terms, limits: Vec<LimitStatus>, taken: Timestamp) -> Self {
        Self { id, spent: vec![0; terms.units.len()], terms, requests: 0, limits, taken }
    }

    /// Spends `costs`, if the lease is still valid and has them left.
    pub(super) fn spend(&mut self, costs: &Costs, now: Timestamp) -> Option<Applied> {
        // A clock that was set back says nothing about what others have seen since.
        if now < self.taken || now.since(self.taken) >= self.terms.spent_within {
            return None;
        }
        let asked = || costs.as_slice().iter().copied();
        if self.left().zip(asked()).any(|(left, units)| units > left) {
            return None;
        }
        for (spent, units) in self.spent.iter_mut().zip(asked()) {
            *spent += units;
        }
        self.requests += 1;
        Some(self.applied())
    }

    fn left(&self) -> impl Iterator<Item = u64> {
        self.terms.units.iter().zip(&self.spent).map(|(held, spent)| held - spent)
    }

    fn applied(&self) -> Applied {
        let limits = self.limits.iter().zip(self.left()).map(|(limit, left)| LimitStatus {
            verdict: Verdict::Allowed,
            remaining: limit.remaining.saturating_add(left),
            retry_after: Span::ZERO,
            ..*limit
        });
        Applied {
            verdict: Verdict::Allowed,
            effect: Effect::Charged,
            limits: limits.collect(),
            retry_after: Span::ZERO,
            closed_for: Span::ZERO,
            delay: Span::ZERO,
            record: None,
        }
    }

    /// Whether it is not spent any more at this time.
    pub(super) fn is_over(&self, at: Timestamp) -> bool {
        at >= self.taken.plus(self.terms.spent_within)
    }

    /// Whether it has expired, and so been charged in full.
    pub(super) fn has_expired(&self, now: Timestamp) -> bool {
        now >= self.taken.plus(self.terms.life())
    }

    /// What the next lease is for, now that this one is over.
    pub(super) fn next_terms(&self, now: Timestamp) -> Terms {
        let (units, requests) = (&*self.spent, self.requests);
        self.terms.next(Spent { units, requests, elapsed: now.since(self.taken) })
    }

    /// Its id, and what was spent.
    pub(super) fn into_spent(self) -> (Id, Vec<u64>) {
        (self.id, self.spent)
    }
}
