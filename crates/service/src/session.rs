//! One request's view of the service: what it is asked, in the name of a tenant.

use tollgate_core::Name;
use tollgate_store::{Clock, Store};

use crate::key;
use crate::limiter::Limiter;
use crate::problem::Problem;
use crate::service::{Fault, Opened, Service};

/// A request in the name of a tenant, whose records it reaches, and no others.
pub(crate) struct Session<'a, S, L: Limiter, C> {
    pub(crate) service: &'a Service<S, L, C>,
    /// Nobody where the service has no API keys.
    pub(crate) tenant: Option<&'a Name>,
}

impl<'a, S: Store, L: Limiter, C: Clock> Session<'a, S, L, C> {
    pub(crate) fn opened(&self, policy: &str) -> Result<&'a Opened<L>, Problem> {
        self.service.opened(policy)
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

    /// Where what happened to the tenant's keys is written down.
    pub(crate) fn watch_key(&self) -> String {
        key::watch_key(self.tenant())
    }

    fn tenant(&self) -> Option<&str> {
        self.tenant.map(|tenant| &**tenant)
    }
}
