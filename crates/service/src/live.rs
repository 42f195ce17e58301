//! Live policies: each tenant can change its own while they are in use.
//!
//! A tenant's changes are one record of the store, and every process has a copy of it that is at most
//! [`FRESH_FOR`] old. A change takes effect [`LEAD`](change::LEAD) after it was made, when every process has loaded
//! it, at the same clock time everywhere. The policies it replaces are kept until then, and for records written
//! under them.

mod change;
mod copy;
mod document;
mod policies;

use std::pin::pin;
use std::sync::Arc;

use futures::future::{Either, select};
use tollgate_core::{Name, Span, Timestamp};
use tollgate_store::{Clock, DriveError, Store};

pub(crate) use self::change::{Change, LIVE_POLICIES_MAX, Refusal, VERSIONS_MAX};
use self::copy::Copy;
pub(crate) use self::document::{
    Document, History, LIVE_BYTES_MAX, MIGRATIONS, Version, migration, migration_word,
};
pub(crate) use self::policies::{Found, LivePolicies};
use crate::key;
use crate::limiter::{Limiter, LimiterError};
use crate::service::{Fault, Service};

/// Greatest age of a copy that requests are decided by.
pub(crate) const FRESH_FOR: Span = Span::from_secs(1);

/// How long loading may take.
pub(crate) const LOAD_TIME_MAX: Span = Span::from_secs(1);

/// Every tenant's copy.
pub(crate) struct LiveTenants<L: Limiter> {
    /// Sorted by tenant; empty if policies may not be changed live.
    tenants: Vec<(Option<Name>, Copy<L>)>,
    none: Arc<LivePolicies<L>>,
}

impl<L: Limiter> LiveTenants<L> {
    /// For a service without tenants: all callers are one tenant without a name, if policies may be changed live.
    pub(crate) fn new(are_allowed: bool) -> Self {
        let tenants = are_allowed.then(|| (None, Copy::default())).into_iter().collect();
        Self { tenants, none: Arc::default() }
    }

    /// For a service with these tenants.
    pub(crate) fn of_tenants(self, names: impl Iterator<Item = Name>) -> Self {
        if self.tenants.is_empty() {
            return self;
        }
        let mut tenants: Vec<_> = names.map(|name| (Some(name), Copy::default())).collect();
        tenants.sort_by(|(a, _), (b, _)| a.cmp(b));
        tenants.dedup_by(|(a, _), (b, _)| a == b);
        Self { tenants, ..self }
    }

    /// Whether policies may be changed live.
    pub(crate) const fn are_allowed(&self) -> bool {
        !self.tenants.is_empty()
    }

    /// The live policies of a tenant that has changed nothing.
    pub(crate) fn none(&self) -> Arc<LivePolicies<L>> {
        Arc::clone(&self.none)
    }

    /// What is known of every tenant's, without asking the store.
    pub(crate) fn known(&self) -> Vec<Arc<LivePolicies<L>>> {
        self.tenants.iter().map(|(_, copy)| copy.known()).collect()
    }

    fn copy(&self, tenant: Option<&Name>) -> Option<&Copy<L>> {
        let found = self.tenants.binary_search_by(|(name, _)| name.as_ref().cmp(&tenant));
        Some(&self.tenants.get(found.ok()?)?.1)
    }
}

impl<S: Store, L: Limiter, C: Clock> Service<S, L, C> {
    /// The live policies of a tenant: the copy, reloaded first if it is too old. While the store does not answer,
    /// the last known ones.
    pub(crate) async fn live_policies(
        &self,
        tenant: Option<&Name>,
        now: Timestamp,
    ) -> Arc<LivePolicies<L>> {
        let Some(copy) = self.live.copy(tenant) else { return self.live.none() };
        let known = match copy.look(now) {
            Ok(known) => return known,
            Err(outdated) => outdated,
        };
        copy.begin(now);
        let record_key = key::policies_key(tenant.map(|tenant| &**tenant));
        match self.load_live(&record_key, &known).await {
            Ok(loaded) => copy.put(loaded, now),
            Err(cause) => {
                self.live_faults.count(&cause);
                (self.report)(&Fault { record_key, cause });
                copy.fail(self.clock.now());
                known
            }
        }
    }

    async fn load_live(
        &self,
        record_key: &str,
        known: &Arc<LivePolicies<L>>,
    ) -> Result<Arc<LivePolicies<L>>, DriveError<LimiterError>> {
        let load = pin!(self.store.load(record_key));
        let loaded = match select(load, pin!(self.clock.sleep(LOAD_TIME_MAX))).await {
            Either::Left((loaded, _)) => loaded?,
            Either::Right(_) => return Err(DriveError::TimedOut),
        };
        if known.are_of(loaded.record.as_deref()) {
            return Ok(Arc::clone(known));
        }
        let read = LivePolicies::read(loaded.record, known, self).map_err(DriveError::Ask)?;
        Ok(Arc::new(read))
    }
}
