//! One request's view of the service, on behalf of a tenant.

use std::sync::Arc;

use tollgate_core::{Name, Timestamp};
use tollgate_store::{Clock, Store};

use crate::key;
use crate::limiter::Limiter;
use crate::live::{Found, LivePolicies};
use crate::opened::Opened;
use crate::problem::Problem;
use crate::service::{Fault, Service};

/// A request on behalf of a tenant; it reaches that tenant's records and no others.
pub(crate) struct Session<'a, S, L: Limiter, C> {
    pub(crate) service: &'a Service<S, L, C>,
    /// Nothing if the service has no API keys.
    pub(crate) tenant: Option<&'a Name>,
    /// The tenant's live policies, fixed for the whole request.
    pub(crate) live: Arc<LivePolicies<L>>,
    pub(crate) began: Timestamp,
}

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    /// The policy of this name that is in force for the tenant.
    pub(crate) fn opened(&self, policy: &str) -> Result<&Opened<L>, Problem> {
        match self.live.find(policy, self.began) {
            Found::Live(opened) => Ok(opened),
            Found::Configuration => self.service.opened(policy),
            Found::Nothing => Err(Problem::unknown_policy()),
        }
    }

    /// The same, with the numbers in force for this key.
    pub(crate) fn opened_for(&self, policy: &str, key: &str) -> Result<&Opened<L>, Problem> {
        Ok(self.opened(policy)?.at(key, self.began))
    }

    /// Whether all of them are still in force, after a wait.
    pub(crate) async fn are_in_force(&self, places: &[(&Opened<L>, &str)]) -> bool {
        let now = self.service.clock.now();
        let live = self.service.live_policies(self.tenant, now).await;
        places.iter().all(|(opened, key)| {
            let found = match live.find(opened.named.name(), now) {
                Found::Live(found) => Some(found),
                Found::Configuration => self.service.opened(opened.named.name()).ok(),
                Found::Nothing => None,
            };
            found.is_some_and(|found| found.at(key, now).is_as(opened))
        })
    }

    /// Tells the operator, in the log and in the metrics.
    pub(crate) fn report(&self, fault: &Fault) {
        self.service.faults.count(&fault.cause);
        (self.service.report)(fault);
    }

    /// Where the record of (policy, key) is stored.
    pub(crate) fn record_key(&self, opened: &Opened<L>, key: &str) -> String {
        key::record_key(self.tenant(), opened.named.name(), key)
    }

    /// Where the events of an upstream are stored.
    pub(crate) fn events_key(&self, upstream: &str) -> String {
        key::events_key(self.tenant(), upstream)
    }

    /// Where a barrier is stored.
    pub(crate) fn barrier_key(&self, barrier: &str) -> String {
        key::barrier_key(self.tenant(), barrier)
    }

    /// Where the log of the tenant's keys is stored.
    pub(crate) fn watch_key(&self) -> String {
        key::watch_key(self.tenant())
    }

    /// Where the tenant's live policies are stored.
    pub(crate) fn policies_key(&self) -> String {
        key::policies_key(self.tenant())
    }

    pub(crate) fn tenant(&self) -> Option<&str> {
        self.tenant.map(|tenant| &**tenant)
    }
}
