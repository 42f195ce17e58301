//! The leases of this process, and how hot its keys are.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tollgate_core::{Acquire, Applied, Costs, Operation, Share, Span, Timestamp};

use super::budget_lease::BudgetLease;
use super::terms::Terms;
use super::visit::{Visit, Wanted};
use crate::lease::random_id;

/// Most keys that are tracked; while all of them are hot, other keys are decided without a lease.
const KEYS_MAX: usize = 1_024;
/// A key is hot when this process gets this many requests for it ...
const HOT_REQUESTS: u32 = 4;
/// ... within this time.
const HOT_WITHIN: Span = Span::from_millis(100);

/// The keys that are tracked.
#[derive(Debug, Default)]
pub(super) struct Budgets {
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    budgets: BTreeMap<String, Budget>,
    /// When cold keys were last removed.
    swept: Timestamp,
}

/// What is known about one key.
#[derive(Debug)]
struct Budget {
    lease: Option<BudgetLease>,
    /// A request is on its way to take the next lease.
    is_taking: bool,
    /// This process has not seen the key before, so its request also checks whether others found it hot.
    is_new: bool,
    /// When counting began, and the number of requests since.
    since: Timestamp,
    requests: u32,
}

/// The result of beginning a request.
pub(super) enum Begun<'a> {
    /// It was decided here.
    Spent(Applied),
    /// It has to go to the store, where it may take a lease.
    Visit(Box<Visit>, Option<Taking<'a>>),
}

/// The right to take the next lease of a key; once it is dropped, another request may get it.
pub(super) struct Taking<'a> {
    budgets: &'a Budgets,
    key: &'a str,
}

impl Begun<'_> {
    fn plain(operation: &Operation) -> Self {
        Self::Visit(Box::new(Visit::plain(operation)), None)
    }
}

impl Budgets {
    /// Decides one request, or says what it has to do at the store.
    pub(super) fn begin<'a>(
        &'a self,
        key: &'a str,
        operation: &Operation,
        now: Timestamp,
    ) -> Begun<'a> {
        let mut table = self.lock();
        let Some(budget) = table.watch(key, now) else { return Begun::plain(operation) };
        let costs = plain_costs(operation);
        if let (Some(costs), Some(lease)) = (costs, &mut budget.lease)
            && let Some(applied) = lease.spend(costs, now)
        {
            return Begun::Spent(applied);
        }
        if is_peek(operation) {
            return Begun::plain(operation);
        }
        let old = budget.lease.take().filter(|lease| !lease.has_expired(now));
        let wanted = costs.and_then(|costs| budget.wanted(costs, old.as_ref(), now));
        let taking = wanted.is_some().then(|| Taking { budgets: self, key });
        let visit = Visit::plain(operation).settling(old).wanting(wanted);
        Begun::Visit(Box::new(visit), taking)
    }

    /// Takes away the leases that are over at `until` and have not expired, with the keys of their records; only of
    /// keys that `is_known` says yes to.
    pub(super) fn take_over(
        &self,
        until: Timestamp,
        now: Timestamp,
        is_known: impl Fn(&str) -> bool,
    ) -> Vec<(String, BudgetLease)> {
        let mut table = self.lock();
        let budgets = table.budgets.iter_mut().filter(|(key, _)| is_known(key));
        let over = budgets.filter_map(|(key, budget)| {
            let lease = budget.lease.take_if(|lease| lease.is_over(until))?;
            (!lease.has_expired(now)).then(|| (key.clone(), lease))
        });
        over.collect()
    }

    /// Nothing panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Counts a request for `key`; `None` if there is no room to track it.
    fn watch(&mut self, key: &str, now: Timestamp) -> Option<&mut Budget> {
        if !self.budgets.contains_key(key) {
            if self.budgets.len() >= KEYS_MAX && now.since(self.swept) >= HOT_WITHIN {
                self.swept = now;
                self.budgets.retain(|_, budget| budget.is_needed(now));
            }
            if self.budgets.len() >= KEYS_MAX {
                return None;
            }
            self.budgets.insert(key.to_owned(), Budget::new(now));
        }
        let budget = self.budgets.get_mut(key)?;
        budget.count(now);
        Some(budget)
    }
}

impl Budget {
    fn new(now: Timestamp) -> Self {
        Self { lease: None, is_taking: false, is_new: true, since: now, requests: 0 }
    }

    fn count(&mut self, now: Timestamp) {
        if self.is_cold(now) {
            (self.is_new, self.since, self.requests) = (false, now, 0);
        }
        self.requests = self.requests.saturating_add(1);
    }

    /// Whether the count is out of date.
    fn is_cold(&self, now: Timestamp) -> bool {
        now < self.since || now.since(self.since) > HOT_WITHIN
    }

    fn is_needed(&self, now: Timestamp) -> bool {
        let holds = self.lease.as_ref().is_some_and(|lease| !lease.has_expired(now));
        holds || self.is_taking || !self.is_cold(now)
    }

    /// The lease that a request with these costs should take, now that the old one is over.
    fn wanted(
        &mut self,
        costs: &Costs,
        old: Option<&BudgetLease>,
        now: Timestamp,
    ) -> Option<Wanted> {
        let is_hot = old.is_some() || self.requests >= HOT_REQUESTS;
        if self.is_taking || !(is_hot || self.is_new) {
            return None;
        }
        let terms = old.map_or_else(|| Terms::first(costs), |lease| lease.next_terms(now));
        if !terms.are_worth_it(costs) {
            return None;
        }
        // Counting restarts, so that a key that gets no lease now does not try again with every request.
        if is_hot {
            (self.since, self.requests) = (now, 0);
        }
        let wanted = Wanted { id: random_id().ok()?, terms, costs: *costs, is_hot };
        self.is_taking = true;
        Some(wanted)
    }
}

impl Taking<'_> {
    /// Stores the lease that was taken.
    pub(super) fn end(self, lease: BudgetLease) {
        if let Some(budget) = self.budgets.lock().budgets.get_mut(self.key) {
            budget.lease = Some(lease);
            budget.is_new = false;
        }
    }
}

impl Drop for Taking<'_> {
    fn drop(&mut self) {
        if let Some(budget) = self.budgets.lock().budgets.get_mut(self.key) {
            budget.is_taking = false;
        }
    }
}

/// The costs of a request that a lease can answer: it charges, and may use all of every limit.
fn plain_costs(operation: &Operation) -> Option<&Costs> {
    match operation {
        Operation::Acquire(Acquire { costs, share: Share::HIGH, hold: None, once: None })
            if !costs.is_zero() =>
        {
            Some(costs)
        }
        _ => None,
    }
}

fn is_peek(operation: &Operation) -> bool {
    matches!(operation, Operation::Acquire(acquire) if acquire.costs.is_zero())
}
