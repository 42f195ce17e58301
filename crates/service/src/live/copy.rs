//! What this process knows of a tenant's live policies, and as of when.

use std::sync::{Arc, PoisonError, RwLock};

use tollgate_core::{Span, Timestamp};

use super::policies::LivePolicies;
use super::{FRESH_FOR, LOAD_TIME_MAX};
use crate::limiter::Limiter;

/// How long the store is left alone after a failure.
const RETRY_AFTER: Span = Span::from_secs(1);

/// A copy of the store's record.
pub(crate) struct Copy<L: Limiter> {
    state: RwLock<State<L>>,
}

struct State<L: Limiter> {
    known: Arc<LivePolicies<L>>,
    /// When the load of `known` began; nothing before the first one.
    loaded_at: Option<Timestamp>,
    /// When somebody last began to load.
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
    /// What is known; as an error if it must be loaded anew.
    pub(crate) fn look(
        &self,
        now: Timestamp,
    ) -> Result<Arc<LivePolicies<L>>, Arc<LivePolicies<L>>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let known = Arc::clone(&state.known);
        if state.is_due(now) { Err(known) } else { Ok(known) }
    }

    /// Notes that a load begins: others go on with what is known, if that is not too old.
    pub(crate) fn begin(&self, now: Timestamp) {
        self.change(|state| state.began_at = Some(now));
    }

    /// Stores what a load that `began` then has found, and returns what is known now.
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

    /// Notes that the store failed.
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
        // A clock that was set back says nothing about how long ago something was.
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

    /// Whether a request so many milliseconds after the clock's start has to load, given when the last copy began
    /// to be loaded, when the next load began, and when that failed.
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
