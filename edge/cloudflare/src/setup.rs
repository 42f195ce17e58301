//! What the operator has said, read once in each isolate.

use std::cell::OnceCell;
use std::rc::Rc;

use tollgate_policy::{ApiKeys, PolicySet};
use tollgate_service::{CoreLimiter, Problem, Retention, Service};
use tollgate_store::Store;
use worker::{Env, console_error};

use crate::clock::WorkerClock;

/// The service, over the objects or in one.
pub(crate) type EdgeService<S> = Service<S, CoreLimiter, WorkerClock>;

/// The policies, and who may ask.
pub(crate) struct Setup {
    policies: PolicySet,
    /// Nothing where everybody may ask.
    keys: Option<ApiKeys>,
    pub(crate) retention: Retention,
}

thread_local! {
    static SETUP: OnceCell<Rc<Setup>> = const { OnceCell::new() };
}

/// The set-up, or the problem that every request is answered with while it is wrong.
pub(crate) fn setup(env: &Env) -> Result<Rc<Setup>, Problem> {
    SETUP.with(|cell| {
        if let Some(setup) = cell.get() {
            return Ok(Rc::clone(setup));
        }
        let setup = Setup::read(env).map_err(|message| misconfigured(&message))?;
        Ok(Rc::clone(cell.get_or_init(|| Rc::new(setup))))
    })
}

/// Only the operator is told what is wrong.
pub(crate) fn misconfigured(message: &str) -> Problem {
    console_error!("tollgate: {message}");
    Problem::misconfigured("the Worker is not set up; its log says why")
}

impl Setup {
    fn read(env: &Env) -> Result<Self, String> {
        let policies = text(env, "POLICIES", "the policies, as TOML or JSON")?;
        let policies = PolicySet::parse(&policies).map_err(|error| format!("POLICIES: {error}"))?;
        // An object has its own record, and not the one that would say what was changed.
        let policies = policies.without_live_policies();
        // A Worker is reached by everybody: that all of them may ask is said, and not left out.
        let keys = text(env, "API_KEYS", "what `tollgate key` writes; \"\" lets everybody ask")?;
        let keys = if keys.is_empty() {
            None
        } else {
            Some(ApiKeys::parse(&keys).map_err(|error| format!("API_KEYS: {error}"))?)
        };
        let retention = Retention::new(&policies);
        Ok(Self { policies, keys, retention })
    }

    /// The service over a store.
    pub(crate) fn service<S: Store>(&self, store: S) -> Result<EdgeService<S>, Problem> {
        let report = |fault: &_| console_error!("tollgate: {fault}");
        let service = Service::new(self.policies.clone(), store, CoreLimiter, WorkerClock, report);
        let service = service.map_err(|error| misconfigured(&error.to_string()))?;
        Ok(match &self.keys {
            None => service,
            Some(keys) => service.with_keys(keys.clone()),
        })
    }
}

/// A variable or a secret: the runtime makes no difference between them.
fn text(env: &Env, name: &str, meaning: &str) -> Result<String, String> {
    let text = env.var(name).map_err(|_| format!("{name}: is missing: {meaning}"))?;
    Ok(text.to_string())
}
