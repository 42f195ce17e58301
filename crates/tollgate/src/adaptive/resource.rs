//! One resource: its limits, and what changes their capacity.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tollgate_core::{Algorithm, Capacity, Change, Effect, Limit, Operation, Policy, Timestamp};
use tollgate_store::Clock;

use super::error::AdaptiveError;
use crate::{LimitSet, is_key};

pub(super) struct Resource<C> {
    limits: LimitSet<C>,
    /// The position of the adaptive limit.
    limit: usize,
    /// Locked while the capacity changes, which decisions need not wait for.
    changes: Mutex<Changes>,
}

#[derive(Default)]
struct Changes {
    /// When the capacity was set the last time.
    set_at: Timestamp,
    /// Whether another member has announced what is in force since this one last checked.
    is_announced: bool,
}

impl<C: Clock> Resource<C> {
    pub(super) fn new(name: &str, policy: Policy, clock: C) -> Result<Self, AdaptiveError> {
        if !is_key(name) {
            return Err(AdaptiveError::ResourceLength(name.len()));
        }
        let is_adaptive = |limit: &Limit| matches!(limit.algorithm(), Algorithm::Adaptive { .. });
        let limit = policy.limits().iter().position(is_adaptive);
        if policy.limits().iter().filter(|limit| is_adaptive(limit)).count() > 1 {
            return Err(AdaptiveError::Policy(name.to_owned()));
        }
        let limit = limit.ok_or_else(|| AdaptiveError::Policy(name.to_owned()))?;
        let limits = LimitSet::with_clock(policy, clock);
        Ok(Self { limits, limit, changes: Mutex::default() })
    }

    pub(super) const fn limits(&self) -> &LimitSet<C> {
        &self.limits
    }

    pub(super) const fn limit(&self) -> usize {
        self.limit
    }

    pub(super) fn capacity(&self) -> Option<Capacity> {
        let peek = self.limits.policy().no_costs().into();
        self.limits.apply(&peek, |decision| decision.capacity(self.limit)).flatten()
    }

    /// Reduces the capacity. Returns what is then in force, and the change; `None` when it was not lower.
    pub(super) fn reduce(&self, reduce: &Operation) -> Option<(Capacity, Change)> {
        let mut changes = self.changes();
        let changed = self.change(reduce)?;
        changes.is_announced = false;
        Some(changed)
    }

    /// Sets the capacity.
    pub(super) fn set(&self, set: &Operation) -> Option<(Capacity, Change)> {
        let mut changes = self.changes();
        let changed = self.change(set)?;
        changes.set_at = changed.1.at;
        Some(changed)
    }

    /// Follows an announced reduction. Returns what is then in force, if it followed.
    pub(super) fn follow(&self, announced: &Change) -> Option<Capacity> {
        let mut changes = self.changes();
        let is_same =
            |ours: &Change| ours.at == announced.at && ours.capacity == announced.capacity;
        if self.reduction().is_some_and(|ours| is_same(&ours)) {
            changes.is_announced = true;
            return None;
        }
        if announced.at <= changes.set_at {
            return None;
        }
        let followed = self.limits.follow(self.limit, announced)?;
        changes.is_announced = true;
        Some(followed)
    }

    /// The reduction in force, if no other member has announced it meanwhile.
    pub(super) fn unannounced(&self) -> Option<Change> {
        let mut changes = self.changes();
        let reduction = self.reduction()?;
        let is_announced = std::mem::take(&mut changes.is_announced);
        (!is_announced).then_some(reduction)
    }

    fn reduction(&self) -> Option<Change> {
        let peek = self.limits.policy().no_costs().into();
        let reduction = self.limits.apply(&peek, |decision| {
            let capacity = decision.capacity(self.limit)?;
            let change = decision.capacity_change(self.limit)?;
            (capacity.capacity < capacity.original).then(|| change.clone())
        });
        reduction.flatten()
    }

    fn change(&self, operation: &Operation) -> Option<(Capacity, Change)> {
        let changed = self.limits.apply(operation, |decision| {
            if decision.effect() != Effect::Changed {
                return None;
            }
            Some((decision.capacity(self.limit)?, decision.capacity_change(self.limit)?.clone()))
        });
        changed.flatten()
    }

    /// Nothing panics while it is locked, and no listener is called.
    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
