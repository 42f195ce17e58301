//! A process's copy of a tenant's live policies, and its age.

use std::sync::{Arc, PoisonError, RwLock};

use tollgate_core::{Span, Timestamp};

use super::policies::LivePolicies;
use super::{FRESH_FOR, LOAD_TIME_MAX};
use crate::limiter::Limiter;

/// How long the store is not asked again after it failed to answer.
const RETRY_AFTER: Span = Span::from_secs(1);

/// A copy of the live policies in the store.
pub(crate) struct Copy<L: Limiter> {
    state: RwLock<State<L>>,
}

struct State<L: Limiter> {
    known: Arc<LivePolicies<L>>,
    /// When the load of `known` began; `None` before the first load.
    loaded_at: Option<Timestamp>,
    /// When the latest load began.
    began_at: Option<Timestamp>,
    failed_at: Option<Timestamp>,
}

impl<L: Limiter> Default for Copy<L> {
    fn default() -> Self {
        let (loaded_at, began_at, failed_at) = (None, None, None);
        let state = State { known: Arc::default(), loaded_at, began_at, failed_at };
        Self { state: RwLock::new(state) }
    }
}

impl<L: Limiter> Copy<L> {
    /// The known policies; as an error if the caller has to reload them.
    pub(crate) fn look(
        &self,
        now: Timestamp,
    ) -> Result<Arc<LivePolicies<L>>, Arc<LivePolicies<L>>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let known = Arc::clone(&state.known);
        if state.is_due(now) { Err(known) } else { Ok(known) }
    }

    /// The known policies, however old.
    pub(crate) fn known(&self) -> Arc<LivePolicies<L>> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner).known)
    }

    /// The caller begins a load: meanwhile others use the known policies, unless they are too old.
    pub(crate) fn begin(&self, now: Timestamp) {
        self.change(|state| state.began_at = Some(now));
    }

    /// Stores what a load that `began` then found, and returns it.
    pub(crate) fn put(
        &self,
        loaded: Arc<LivePolicies<L>>,
        began: Timestamp,
    ) -> Arc<LivePolicies<L>> {
        self.change(|state| {
            state.known = loaded;
            (state.loaded_at, state.failed_at) = (Some(began), None);
            Arc::clone(&state.known)
        })
    }

    /// The store did not answer.
    pub(crate) fn fail(&self, now: Timestamp) {
        self.change(|state| state.failed_at = Some(now));
    }

    /// Nothing panics while it holds the lock.
    fn change<T>(&self, change: impl FnOnce(&mut State<L>) -> T) -> T {
        change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<L: Limiter> State<L> {
    fn is_due(&self, now: Timestamp) -> bool {
        // After the clock went back, ages are unknown.
        let within = |at: Option<Timestamp>, span: Span| {
            at.is_some_and(|at| at <= now && now.since(at) <= span)
        };
        let others_load = within(self.began_at, LOAD_TIME_MAX)
            && within(
                self.loaded_at,
                Span::from_nanos(FRESH_FOR.as_nanos() + LOAD_TIME_MAX.as_nanos()),
            );
        !within(self.loaded_at, FRESH_FOR) && !within(self.failed_at, RETRY_AFTER) && !others_load
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::CoreLimiter;

    /// Whether a caller has to load at `now`, if the known copy's load began at `loaded`, the latest load at `began`,
    /// and a load failed at `failed`, all in milliseconds since the epoch.
    fn is_due(now: u64, loaded: Option<u64>, began: Option<u64>, failed: Option<u64>) -> bool {
        let at = |millis: u64| Timestamp::EPOCH.plus(Span::from_millis(millis));
        let (loaded_at, began_at, failed_at) = (loaded.map(at), began.map(at), failed.map(at));
        let known = Arc::default();
        State::<CoreLimiter> { known, loaded_at, began_at, failed_at }.is_due(at(now))
    }

    #[test]
    fn a_copy_is_loaded_anew_when_it_is_a_second_old_by_one_at_a_time() {
        assert!(is_due(0, None, None, None), "nothing was ever loaded");
        assert!(is_due(0, None, Some(0), None), "and who loads it is not done");
        assert!(!is_due(1_000, Some(0), None, None));
        assert!(is_due(1_001, Some(0), None, None));
        assert!(!is_due(1_500, Some(0), Some(1_001), None), "somebody is on the way");
        assert!(is_due(2_001, Some(0), Some(1_001), None), "but it is too old by now");
        assert!(is_due(9_001, Some(0), Some(9_000), None), "as after a long pause");
        assert!(!is_due(9_500, Some(0), Some(9_000), Some(9_000)), "the store is left alone");
        assert!(is_due(10_001, Some(0), Some(9_000), Some(9_000)));
    }
}
