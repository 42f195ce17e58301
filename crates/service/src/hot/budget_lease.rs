//! A budget lease: a hold on the shared record that this process spends without the store.
//!
//! What is held takes its room away until it is settled or expires, whoever looks, so however it is spent,
//! no more is admitted than the limits allow. A lease is spent in the first half of its life alone, and
//! settled for what was spent by whoever comes next, so that no difference of clocks below half of a life
//! lets anyone spend what others have seen expire. Who ends with a lease loses it: it is charged in full
//! when it expires.

use tollgate_core::{Applied, Costs, Effect, Id, LimitStatus, Span, Timestamp, Verdict};

/// How long a lease lives, at most.
pub(super) const LEASE_TTL: Span = Span::from_secs(2);
/// How long it is spent. The rest of its life is for settling it.
pub(super) const SPENT_WITHIN: Span = Span::from_secs(1);
/// Requests that the first lease of a process is for: as many as an instance on Spin is given.
pub(super) const REQUESTS_FIRST: u64 = 128;
/// A lease for fewer requests is not worth a hold.
pub(super) const REQUESTS_MIN: u64 = 4;
/// A lease is at most this part of a limit's capacity, and of what remains of it.
pub(super) const PARTS: u64 = 8;

/// Units that this process holds, and what it spent of them.
#[derive(Debug)]
pub(super) struct BudgetLease {
    id: Id,
    held: Vec<u64>,
    spent: Vec<u64>,
    /// Where the limits stood when it was taken, the lease itself not counted as remaining.
    limits: Vec<LimitStatus>,
    taken: Timestamp,
}

impl BudgetLease {
    pub(super) fn new(id: Id, held: &Costs, limits: Vec<LimitStatus>, taken: Timestamp) -> Self {
        let held = held.as_slice().to_vec();
        Self { id, spent: vec![0; held.len()], held, limits, taken }
    }

    /// Spends `costs`, if that is in time and they are left.
    pub(super) fn spend(&mut self, costs: &Costs, now: Timestamp) -> Option<Applied> {
        // A clock that went back tells nothing about what others have seen since.
        if now < self.taken || now.since(self.taken) >= SPENT_WITHIN {
            return None;
        }
        let asked = || costs.as_slice().iter().copied();
        let left = self.held.iter().zip(&self.spent).map(|(held, spent)| held - spent);
        if left.zip(asked()).any(|(left, units)| units > left) {
            return None;
        }
        for (spent, units) in self.spent.iter_mut().zip(asked()) {
            *spent += units;
        }
        Some(self.applied())
    }

    fn applied(&self) -> Applied {
        let left = self.held.iter().zip(&self.spent).map(|(held, spent)| held - spent);
        let limits = self.limits.iter().zip(left).map(|(limit, left)| LimitStatus {
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

    /// Whether it was charged in full by now.
    pub(super) fn has_expired(&self, now: Timestamp) -> bool {
        now >= self.taken.plus(LEASE_TTL)
    }

    /// What the next lease is for: what was spent, at the pace at which it was, but at most twice as much
    /// as this one.
    pub(super) fn next_units(&self, now: Timestamp) -> Vec<u64> {
        let elapsed = u128::from(now.since(self.taken).as_nanos().max(1));
        let units = self.spent.iter().zip(&self.held).map(|(spent, held)| {
            let pace = u128::from(*spent) * u128::from(SPENT_WITHIN.as_nanos()) / elapsed;
            u64::try_from(pace).unwrap_or(u64::MAX).min(held.saturating_mul(2))
        });
        units.collect()
    }

    /// Its id, and what was spent.
    pub(super) fn into_spent(self) -> (Id, Vec<u64>) {
        (self.id, self.spent)
    }
}
