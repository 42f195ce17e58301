//! The service: its policies, and how it answers a request.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use tollgate_core::Name;
use tollgate_policy::{ApiKeys, NamedPolicy, PolicySet};
use tollgate_store::{Clock, DriveError, Store, StoreError, StoreTally};

use crate::answer::Detail;
use crate::auth;
use crate::content::Content;
use crate::limiter::{Limiter, LimiterError};
use crate::live::LiveTenants;
use crate::local::LocalRecords;
use crate::opened::Opened;
use crate::pools::Pools;
use crate::problem::Problem;
use crate::route::{Get, Route};
use crate::session::Session;
use crate::tally::{Decisions, Faults};
use crate::watch::{LimitedKeys, Places};

/// The HTTP API over a store, a limiter and a clock.
pub struct Service<S, L: Limiter, C> {
    /// By name, for binary search.
    policies: Vec<Opened<L>>,
    pub(crate) pools: Pools,
    pub(crate) keys: Option<ApiKeys>,
    pub(crate) store: S,
    pub(crate) limiter: L,
    pub(crate) clock: C,
    /// The live changes, by tenant.
    pub(crate) live: LiveTenants<L>,
    /// For all live policies that the configuration does not name, since callers choose their names.
    pub(crate) live_decisions: Arc<Decisions>,
    pub(crate) local: LocalRecords,
    pub(crate) report: fn(&Fault),
    pub(crate) faults: Faults,
    /// Faults while loading live changes.
    pub(crate) live_faults: Faults,
    pub(crate) store_tally: Option<Arc<StoreTally>>,
    pub(crate) watchers: Places,
    pub(crate) limited: LimitedKeys,
}

/// A fault that the operator has to know; the caller is answered by the policy's `on_store_failure`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The store's key of the record, which names its policy; all keys, if there are several.
    pub record_key: String,
    /// What happened.
    pub cause: DriveError<LimiterError>,
}

impl Fault {
    /// Whether the store is unavailable, so that policies decide. A contended key is exactly the one that must not
    /// pass uncounted, and a store that can't be exact has not failed.
    pub(crate) fn is_failure(&self) -> bool {
        !matches!(self.cause, DriveError::Busy | DriveError::Store(StoreError::Inexact))
    }
}

/// The answer if the policy gives none.
impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        match fault.cause {
            // It has not failed: it is the wrong store, and stays so.
            DriveError::Store(error @ StoreError::Inexact) => {
                Self::misconfigured(&error.to_string())
            }
            _ => Self::unavailable(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key is the caller's: escaped, so that it can't forge lines.
        write!(f, "record {:?}: {}", self.record_key, self.cause)
    }
}

impl std::error::Error for Fault {}

impl<S: Store, L: Limiter, C: Clock> Service<S, L, C> {
    /// A service for these policies. `report` is called with every fault of the store or its records.
    ///
    /// # Errors
    /// [`LimiterError`] if the limiter can't take a policy.
    pub fn new(
        policies: PolicySet,
        store: S,
        limiter: L,
        clock: C,
        report: fn(&Fault),
    ) -> Result<Self, LimiterError> {
        let open = |named: &NamedPolicy| {
            Opened::new(&limiter, named.clone(), &Arc::<Decisions>::default())
        };
        let live = LiveTenants::new(policies.has_live_policies());
        let pools = Pools::new(policies.pools());
        let mut policies = policies.iter().map(open).collect::<Result<Vec<_>, LimiterError>>()?;
        policies.sort_unstable_by(|a, b| a.named.name().cmp(b.named.name()));
        Ok(Self {
            policies,
            pools,
            keys: None,
            store,
            limiter,
            clock,
            live,
            live_decisions: Arc::default(),
            local: LocalRecords::default(),
            report,
            faults: Faults::default(),
            live_faults: Faults::default(),
            store_tally: None,
            watchers: Places::default(),
            limited: LimitedKeys::default(),
        })
    }

    /// Answers only callers with one of these keys, each within its scopes and over its tenant's records alone.
    /// Without it everybody may do everything.
    #[must_use]
    pub fn with_keys(mut self, keys: ApiKeys) -> Self {
        self.live = self.live.of_tenants(keys.keys().iter().map(|key| key.tenant.clone()));
        self.keys = Some(keys);
        self
    }

    /// Includes in its metrics what a [`Metered`](tollgate_store::Metered) store counts there.
    #[must_use]
    pub fn with_store_tally(mut self, tally: Arc<StoreTally>) -> Self {
        self.store_tally = Some(tally);
        self
    }

    /// Whether it requires a key in `Authorization`.
    pub const fn needs_key(&self) -> bool {
        self.keys.is_some()
    }

    /// Answers one request.
    pub async fn handle<B>(&self, request: Request<B>) -> Response<Content>
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        let detail = Detail::wanted(&parts.headers);
        let answer = match self.admit(&parts) {
            Ok((tenant, route)) => {
                let session = self.session(tenant, &route).await;
                if let Route::Get(Get::Watch, _) = route {
                    session.watch(&parts).await
                } else {
                    let answer = session.answer(route, parts.uri.query(), body, detail).await;
                    answer.map(|answer| answer.map(Content::Full))
                }
            }
            Err(problem) => Err(problem),
        };
        answer.unwrap_or_else(|problem| problem.into_response().map(Content::Full))
    }

    /// The tenant that asks, and for what.
    pub(crate) fn admit<'a>(
        &'a self,
        parts: &'a Parts,
    ) -> Result<(Option<&'a Name>, Route<'a>), Problem> {
        let route = Route::find(&parts.method, parts.uri.path())?;
        let tenant = match (&self.keys, route.scope()) {
            (Some(keys), Some(scope)) => {
                Some(&auth::authorize(keys, &parts.headers, scope)?.tenant)
            }
            _ => None,
        };
        Ok((tenant, route))
    }

    /// A request's view of the service. Requests that need no scope need no policies, and neither do metrics: they
    /// are what one asks for while the store does not answer.
    async fn session<'a>(
        &'a self,
        tenant: Option<&'a Name>,
        route: &Route<'_>,
    ) -> Session<'a, S, L, C> {
        match route {
            Route::Get(Get::Metrics, _) => self.configured(tenant),
            route if route.scope().is_none() => self.configured(tenant),
            _ => self.session_of(tenant).await,
        }
    }

    /// A view of the service for a tenant, with the policies that are in force for it.
    pub(crate) async fn session_of<'a>(&'a self, tenant: Option<&'a Name>) -> Session<'a, S, L, C> {
        let now = self.clock.now();
        let live = self.live_policies(tenant, now).await;
        // Loading takes time, so the clock is read again; without live changes the time makes no difference.
        let began = if live.is_empty() { now } else { self.clock.now() };
        Session { service: self, tenant, live, began }
    }

    /// A view in which only the configuration's policies are in force.
    pub(crate) fn configured<'a>(&'a self, tenant: Option<&'a Name>) -> Session<'a, S, L, C> {
        Session { service: self, tenant, live: self.live.none(), began: self.clock.now() }
    }

    /// Every policy, by name.
    pub(crate) fn policies(&self) -> &[Opened<L>] {
        &self.policies
    }

    pub(crate) fn opened(&self, policy: &str) -> Result<&Opened<L>, Problem> {
        let found = self.policies.binary_search_by(|opened| (**opened.named.name()).cmp(policy));
        found.ok().and_then(|index| self.policies.get(index)).ok_or_else(Problem::unknown_policy)
    }
}
