//! The service: its policies, and what answers a request.

use std::fmt;
use std::sync::atomic::AtomicU64;

use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use tollgate_policy::{ApiKeys, Exactness, NamedPolicy, NamedPool, PolicySet};
use tollgate_store::{Clock, DriveError, Store, StoreError};

use crate::answer::{Answers, Detail};
use crate::auth;
use crate::content::Content;
use crate::fields::DecisionFields;
use crate::hot::HotKeys;
use crate::limiter::{Limiter, LimiterError};
use crate::local::LocalRecords;
use crate::problem::Problem;
use crate::route::{Get, Route};
use crate::session::Session;
use crate::tally::{Decisions, Faults};
use crate::watch::{LimitedKeys, Places};

/// The HTTP API over a store, a limiter and a clock.
pub struct Service<S, L: Limiter, C> {
    /// By name, for binary search.
    policies: Vec<Opened<L>>,
    pub(crate) pools: Vec<NamedPool>,
    keys: Option<ApiKeys>,
    pub(crate) store: S,
    pub(crate) limiter: L,
    pub(crate) clock: C,
    pub(crate) hot_keys: HotKeys,
    pub(crate) local: LocalRecords,
    pub(crate) report: fn(&Fault),
    pub(crate) faults: Faults,
    /// How many requests to pools there were.
    pub(crate) turns: AtomicU64,
    pub(crate) watchers: Places,
    pub(crate) limited: LimitedKeys,
}

/// A policy, ready for requests.
pub(crate) struct Opened<L: Limiter> {
    pub(crate) named: NamedPolicy,
    fields: DecisionFields,
    pub(crate) handle: L::Opened,
    /// What is granted while the store can't be asked.
    pub(crate) local: Option<L::Opened>,
    pub(crate) decisions: Decisions,
}

/// Something that the operator has to know; the caller is answered by the policy's `on_store_failure`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The key under which the store holds the record, which names its policy; of several, all.
    pub record_key: String,
    /// What happened.
    pub cause: DriveError<LimiterError>,
}

impl Fault {
    /// What is answered where the policy says nothing else.
    pub(crate) fn problem(&self) -> Problem {
        match &self.cause {
            // It did not fail: it is the wrong store, and stays that.
            DriveError::Store(error @ StoreError::Inexact) => {
                Problem::misconfigured(&error.to_string())
            }
            DriveError::Store(StoreError::Exhausted(_)) => Problem::exhausted(),
            _ => Problem::unavailable(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key is a caller's: escaped, so that it can't forge lines.
        write!(f, "record {:?}: {}", self.record_key, self.cause)
    }
}

impl std::error::Error for Fault {}

impl<S: Store, L: Limiter, C: Clock> Service<S, L, C> {
    /// A service for these policies. `report` is called with every fault of the store or its records.
    ///
    /// # Errors
    /// [`LimiterError`] when the limiter can't take a policy.
    pub fn new(
        policies: PolicySet,
        store: S,
        limiter: L,
        clock: C,
        report: fn(&Fault),
    ) -> Result<Self, LimiterError> {
        let open = |named: &NamedPolicy| {
            Ok(Opened {
                fields: DecisionFields::new(named),
                handle: limiter.open(named.limits())?,
                local: named.local().map(|local| limiter.open(local)).transpose()?,
                decisions: Decisions::default(),
                named: named.clone(),
            })
        };
        let pools = policies.pools().cloned().collect();
        let mut policies = policies.iter().map(open).collect::<Result<Vec<_>, LimiterError>>()?;
        policies.sort_unstable_by(|a, b| a.named.name().cmp(b.named.name()));
        let (hot_keys, local) = (HotKeys::default(), LocalRecords::default());
        let turns = AtomicU64::new(0);
        Ok(Self {
            policies,
            pools,
            keys: None,
            store,
            limiter,
            clock,
            hot_keys,
            local,
            report,
            faults: Faults::default(),
            turns,
            watchers: Places::default(),
            limited: LimitedKeys::default(),
        })
    }

    /// Answers only those who show one of these keys, each as far as its scopes allow and over records of
    /// its tenant alone. Without it everybody may do everything.
    #[must_use]
    pub fn with_keys(mut self, keys: ApiKeys) -> Self {
        self.keys = Some(keys);
        self
    }

    /// Whether it looks for a key in `Authorization`.
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
            Ok((session, Route::Get(Get::Watch, _))) => session.watch(&parts).await,
            Ok((session, route)) => {
                let answer = session.answer(route, parts.uri.query(), body, detail).await;
                answer.map(|answer| answer.map(Content::Full))
            }
            Err(problem) => Err(problem),
        };
        answer.unwrap_or_else(|problem| problem.into_response().map(Content::Full))
    }

    /// What is asked, and in whose name.
    fn admit<'a>(&'a self, parts: &'a Parts) -> Result<(Session<'a, S, L, C>, Route<'a>), Problem> {
        let route = Route::find(&parts.method, parts.uri.path())?;
        let tenant = match (&self.keys, route.scope()) {
            (Some(keys), Some(scope)) => {
                Some(&auth::authorize(keys, &parts.headers, scope)?.tenant)
            }
            _ => None,
        };
        Ok((Session { service: self, tenant }, route))
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

impl<L: Limiter> Opened<L> {
    /// Whether a store that can't compare and swap will do.
    pub(crate) fn is_best_effort(&self) -> bool {
        self.named.exactness() == Exactness::BestEffort
    }

    pub(crate) const fn answers(&self, detail: Detail) -> Answers<'_> {
        Answers { policy: self.named.limits(), fields: &self.fields, detail }
    }
}
