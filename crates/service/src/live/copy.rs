//! What this process knows of a tenant's live policies, and since when.

use std::sync::{Arc, PoisonError, RwLock};

use tollgate_core::{Span, Timestamp};

use super::policies::LivePolicies;
use super::{FRESH_FOR, LOAD_TIME_MAX};
use crate::limiter::Limiter;

/// How long the store is left alone after it failed to answer.
const RETRY_AFTER: Span = Span::from_secs(1);

/// A copy of what the store has.
pub(crate) struct Copy<L: Limiter> {
    state: RwLock<State<L>>,
}

struct State<L: Limiter> {
    known: Arc<LivePolicies<L>>,
    /// When that began to be loaded; nothing before the first time.
    loaded_at: Option<Timestamp>,
    /// When somebody last set out to load it.
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
    /// What is known; as an error where it is to be loaded anew.
    pub(crate) fn look(
        &self,
        now: Timestamp,
    ) -> Result<Arc<LivePolicies<L>>, Arc<LivePolicies<L>>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let known = Arc::clone(&state.known);
        if state.is_due(now) { Err(known) } else { Ok(known) }
    }

    /// Somebody sets out to load it: others go on with what is known, if that is not old.
    pub(crate) fn begin(&self, now: Timestamp) {
        self.change(|state| state.began_at = Some(now));
    }

    /// This is what the store has, or had when somebody `began` to load it. What is known by now.
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
        // A clock that went back tells nothing about how long ago something was.
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

    /// Whether somebody who comes so many milliseconds after the clock's beginning has to load, after the
    /// last copy began to be loaded, somebody set out for the next one, and that failed.
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
