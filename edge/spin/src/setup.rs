//! The instance's service, built by its first request and shared by all.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use spin_sdk::variables;
use tollgate_policy::{ApiKeys, PolicySet};
use tollgate_service::{Problem, Service};
use tollgate_store::{Breaker, Metered, StoreTally};

use crate::clock::SystemClock;
use crate::store::EdgeStore;

#[cfg(feature = "linked")]
type EdgeLimiter = tollgate_service::CoreLimiter;
#[cfg(not(feature = "linked"))]
type EdgeLimiter = crate::limiter::ImportedLimiter;

type Records = Breaker<Metered<EdgeStore, SystemClock>, SystemClock>;
pub(crate) type EdgeService = Service<Records, EdgeLimiter, SystemClock>;

thread_local! {
    static SERVICE: OnceCell<Rc<EdgeService>> = const { OnceCell::new() };
}

/// The service, or the problem that answers every request while the configuration is wrong.
pub(crate) async fn service() -> Result<Rc<EdgeService>, Problem> {
    let made = || SERVICE.with(|cell| cell.get().cloned());
    if let Some(service) = made() {
        return Ok(service);
    }
    let variables = Variables {
        policies: variable("policies").await,
        api_keys: variable("api_keys").await,
        store: variable("store").await,
    };
    // Another request may have been faster; its service is then used.
    if let Some(service) = made() {
        return Ok(service);
    }
    let built = build(variables).map_err(|message| {
        eprintln!("tollgate: {message}");
        Problem::misconfigured("the edge function is not set up; its log says why")
    })?;
    Ok(SERVICE.with(|cell| cell.get_or_init(|| Rc::new(built)).clone()))
}

async fn variable(name: &str) -> Result<String, String> {
    variables::get(name).await.map_err(|error| format!("the variable `{name}`: {error}"))
}

/// The operator's configuration.
struct Variables {
    policies: Result<String, String>,
    /// Empty where no key is needed.
    api_keys: Result<String, String>,
    store: Result<String, String>,
}

fn build(variables: Variables) -> Result<EdgeService, String> {
    let policies = PolicySet::parse(&variables.policies?)
        .map_err(|error| format!("the variable `policies`: {error}"))?;
    let api_keys = variables.api_keys?;
    let tally = Arc::new(StoreTally::default());
    let store = Metered::untimed(EdgeStore::named(&variables.store?)?, Arc::clone(&tally));
    let store = Breaker::new(store, SystemClock);
    let report = |fault: &_| eprintln!("tollgate: {fault}");
    let service = Service::new(policies, store, EdgeLimiter::default(), SystemClock, report);
    let service = service.map_err(|error| error.to_string())?.with_store_tally(tally);
    if api_keys.is_empty() {
        return Ok(service);
    }
    let keys = ApiKeys::parse(&api_keys);
    Ok(service.with_keys(keys.map_err(|error| format!("the variable `api_keys`: {error}"))?))
}
