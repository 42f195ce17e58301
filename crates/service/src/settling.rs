//! Settles the leases of hot keys that nobody asks for any more.
//!
//! A request settles the lease before it. Where none comes, what was not spent would be charged when the lease expires.

use std::sync::Arc;

use tollgate_core::{Name, Timestamp};
use tollgate_store::{BestEffort, Clock, Store};

use crate::hot::{BudgetLease, HotKeys, Question};
use crate::join::join_unordered;
use crate::key::{key_of, owner_of};
use crate::limiter::Limiter;
use crate::service::{Fault, Service};

impl<S: Store, L: Limiter, C: Clock> Service<S, L, C> {
    /// Settles the leases of hot keys (`contention = "lease"`) that are to be spent no longer than `until`, for what
    /// was spent of them. A host with a timer calls this a few times a second with the present time, and with
    /// [`Timestamp::MAX`] when it stops. A lease that can't be settled is charged in full when it expires. So is one on a
    /// key that is stored hashed, if its numbers may be an override's: those of no other request than its own are known.
    pub async fn settle_leases(&self, until: Timestamp) {
        let now = self.clock.now();
        let live = self.live.known();
        let in_force = live.iter().flat_map(|live| live.in_force(now));
        let over = self.policies().iter().chain(in_force).flat_map(|opened| {
            let needs_key = opened.have_overrides();
            let is_known = |key: &str| !needs_key || key_of(key).is_some();
            let leases = opened.hot_keys.take_over(until, now, is_known);
            leases.into_iter().map(|(key, lease)| self.settle_lease(&opened.hot_keys, key, lease))
        });
        join_unordered(over).await;
    }

    async fn settle_lease(&self, hot_keys: &Arc<HotKeys>, record_key: String, lease: BudgetLease) {
        let Some((tenant, policy)) = owner_of(&record_key) else { return };
        // All keys that can't be read back have the same numbers.
        let key = key_of(&record_key).unwrap_or_default();
        let tenant = tenant.and_then(Name::new);
        let session = self.session_of(tenant.as_ref()).await;
        let Ok(opened) = session.opened_for(policy, key) else { return };
        // A lease of a policy that was replaced meanwhile says nothing about the numbers of the present one.
        if !Arc::ptr_eq(&opened.hot_keys, hot_keys) {
            return;
        }
        let peek = opened.limits().no_costs().into();
        let question = Question {
            contention: opened.named.contention(),
            limits: opened.limits(),
            key: &record_key,
            acquire: &peek,
            ask: |record: Option<&[u8]>, operation: &_, now| {
                session.ask(opened, key, record, operation, now)
            },
        };
        let store = BestEffort::new(&self.store, opened.is_best_effort());
        if let Err(cause) = hot_keys.settle(&store, &self.clock, &question, lease).await {
            let record_key = record_key.clone();
            session.report(&Fault { record_key, cause });
        }
    }
}
