//! The service: its policies, and which request goes where.

use std::fmt;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response};
use http_body::Body;
use http_body_util::Full;
use percent_encoding::percent_decode_str;
use tollgate_core::{Acquire, Operation, Verdict};
use tollgate_policy::{Exactness, NamedPolicy, OnStoreFailure, PolicySet};
use tollgate_store::{Answer, BestEffort, Clock, DriveError, Store, StoreError, drive};

use crate::answer::{Answers, Detail};
use crate::fields;
use crate::key::record_key;
use crate::limiter::{Limiter, LimiterError, Outcome};
use crate::local::LocalRecords;
use crate::problem::Problem;

/// The HTTP API over a store, a limiter and a clock.
pub struct Service<S, L: Limiter, C> {
    /// By name, for binary search.
    policies: Vec<Opened<L>>,
    pub(crate) store: S,
    limiter: L,
    clock: C,
    local: LocalRecords,
    report: fn(&Fault),
}

/// A policy, ready for requests.
pub(crate) struct Opened<L: Limiter> {
    pub(crate) named: NamedPolicy,
    policy_field: Option<HeaderValue>,
    handle: L::Opened,
    /// What is granted while the store can't be asked.
    local: Option<L::Opened>,
}

/// What is answered to a request for a decision.
pub(crate) enum Decided {
    /// A decision that the store holds.
    Counted(Outcome),
    /// A decision of this process alone, since the store can't be asked.
    Local(Outcome),
    /// It passes, since the store can't be asked.
    Uncounted,
}

/// Something that the operator has to know; the caller is answered by the policy's `on_store_failure`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The policy's name.
    pub policy: String,
    /// The key under which the store holds the record.
    pub record_key: String,
    /// What happened.
    pub cause: DriveError<LimiterError>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key is a caller's: escaped, so that it can't forge lines.
        write!(f, "policy {}, record {:?}: {}", self.policy, self.record_key, self.cause)
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
                policy_field: fields::ratelimit_policy(named.limits()),
                handle: limiter.open(named.limits())?,
                local: named.local().map(|local| limiter.open(local)).transpose()?,
                named: named.clone(),
            })
        };
        let mut policies = policies.iter().map(open).collect::<Result<Vec<_>, LimiterError>>()?;
        policies.sort_unstable_by(|a, b| a.named.name().cmp(b.named.name()));
        let local = LocalRecords::default();
        Ok(Self { policies, store, limiter, clock, local, report })
    }

    /// Answers one request.
    pub async fn handle<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.route(request).await.unwrap_or_else(Problem::into_response)
    }

    async fn route<B>(&self, request: Request<B>) -> Result<Response<Full<Bytes>>, Problem>
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        let detail = Detail::wanted(&parts.headers);
        if path == "/v1/acquire" {
            return match parts.method {
                Method::POST => self.acquire(body, detail).await,
                _ => Err(Problem::method_not_allowed("POST")),
            };
        }
        let limits = path.strip_prefix("/v1/limits/").and_then(|rest| rest.split_once('/'));
        let reads = matches!(parts.method, Method::GET | Method::HEAD);
        match limits {
            Some((policy, key)) if !key.contains('/') => {
                let policy = decoded("policy", policy)?;
                let key = decoded("key", key)?;
                if reads {
                    return self.peek(&policy, &key, detail).await;
                }
            }
            None if path == "/healthz" => {
                if reads {
                    return Ok(healthy());
                }
            }
            _ => return Err(Problem::not_found()),
        }
        Err(Problem::method_not_allowed("GET, HEAD"))
    }

    pub(crate) fn opened(&self, policy: &str) -> Result<&Opened<L>, Problem> {
        let found = self.policies.binary_search_by(|opened| (**opened.named.name()).cmp(policy));
        found.ok().and_then(|index| self.policies.get(index)).ok_or_else(Problem::unknown_policy)
    }

    /// Decides, or answers as the policy says when the store fails.
    pub(crate) async fn decide(
        &self,
        opened: &Opened<L>,
        key: &str,
        operation: &Operation,
    ) -> Result<Decided, Problem> {
        let record_key = record_key(opened.named.name(), key);
        let ask = |record: Option<&[u8]>| {
            let now = self.clock.now();
            let mut outcome = self.limiter.apply(&opened.handle, record, operation, now)?;
            Ok(Answer { record: outcome.record.take(), outcome })
        };
        let best_effort = opened.named.exactness() == Exactness::BestEffort;
        let store = BestEffort::new(&self.store, best_effort);
        match drive(&store, &self.clock, &record_key, ask).await {
            Ok(outcome) => Ok(Decided::Counted(outcome)),
            Err(cause) => {
                let policy = opened.named.name().to_string();
                let fault = Fault { policy, record_key, cause };
                (self.report)(&fault);
                self.undecided(opened, &fault, operation)
            }
        }
    }

    /// What is answered instead of a decision.
    fn undecided(
        &self,
        opened: &Opened<L>,
        fault: &Fault,
        operation: &Operation,
    ) -> Result<Decided, Problem> {
        match &fault.cause {
            // A key that is contended is just the one that must not pass uncounted.
            DriveError::Busy => Err(Problem::unavailable()),
            // It did not fail: it is the wrong store, and stays that.
            DriveError::Store(error @ StoreError::Inexact) => {
                Err(Problem::misconfigured(&error.to_string()))
            }
            cause => self.without(opened, fault, operation).ok_or_else(|| match cause {
                DriveError::Store(StoreError::Exhausted(_)) => Problem::exhausted(),
                _ => Problem::unavailable(),
            }),
        }
    }

    /// What a policy says to an operation while its store can't be asked, if it says something.
    fn without(&self, opened: &Opened<L>, fault: &Fault, operation: &Operation) -> Option<Decided> {
        if opened.named.on_store_failure() == OnStoreFailure::Open {
            return Some(Decided::Uncounted);
        }
        // What is to be held, or done to a record, is of no use where nobody looks for it later.
        let Operation::Acquire(Acquire { hold: None, once: None, .. }) = operation else {
            return None;
        };
        let (policy, now) = (opened.local.as_ref()?, self.clock.now());
        let ask = |record: Option<&[u8]>| self.limiter.apply(policy, record, operation, now);
        match self.local.decide(&fault.record_key, now, ask) {
            // What is above a share may pass when the store is back.
            Ok(Some(outcome)) if outcome.verdict != Verdict::Impossible => {
                Some(Decided::Local(outcome))
            }
            _ => None,
        }
    }
}

impl<L: Limiter> Opened<L> {
    pub(crate) const fn answers(&self, detail: Detail) -> Answers<'_> {
        let (policy, policy_field) = (self.named.limits(), self.policy_field.as_ref());
        Answers { policy, policy_field, detail }
    }
}

/// A segment of a path, with its percent escapes undone.
fn decoded(field: &str, segment: &str) -> Result<String, Problem> {
    let text = percent_decode_str(segment).decode_utf8();
    let text = text.map_err(|_| Problem::invalid(field, "its percent escapes are no UTF-8"))?;
    Ok(text.into_owned())
}

fn healthy() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(&b"{\"status\":\"ok\"}"[..]));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
