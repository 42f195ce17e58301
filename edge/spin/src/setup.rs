//! The service of this instance, made by its first request and used by all of them.

use std::cell::OnceCell;
use std::rc::Rc;

use spin_sdk::variables;
use tollgate_policy::PolicySet;
use tollgate_service::{Problem, Service};
use tollgate_store::ElectedStore;

use crate::clock::SystemClock;
use crate::keyvalue::KeyValue;

#[cfg(feature = "linked")]
type EdgeLimiter = tollgate_service::CoreLimiter;
#[cfg(not(feature = "linked"))]
type EdgeLimiter = crate::limiter::ImportedLimiter;

type EdgeService = Service<ElectedStore<KeyValue, SystemClock>, EdgeLimiter, SystemClock>;

thread_local! {
    static SERVICE: OnceCell<Rc<EdgeService>> = const { OnceCell::new() };
}

/// The service, or the problem that every request is answered with while the configuration is wrong.
pub(crate) async fn service() -> Result<Rc<EdgeService>, Problem> {
    if let Some(service) = SERVICE.with(|cell| cell.get().cloned()) {
        return Ok(service);
    }
    let built = build().await.map_err(|message| {
        eprintln!("tollgate: {message}");
        Problem::misconfigured("the edge function is not set up; its log says why")
    })?;
    // Another request may have been faster meanwhile; then its service is the one.
    Ok(SERVICE.with(|cell| cell.get_or_init(|| Rc::new(built)).clone()))
}

async fn build() -> Result<EdgeService, String> {
    let text = variables::get("policies").await;
    let text = text.map_err(|error| format!("the variable `policies` can't be read: {error}"))?;
    let policies =
        PolicySet::parse(&text).map_err(|error| format!("the variable `policies`: {error}"))?;
    let store = ElectedStore::new(KeyValue::default(), SystemClock);
    Service::new(policies, store, EdgeLimiter::default(), SystemClock, |fault| {
        eprintln!("tollgate: {fault}");
    })
    .map_err(|error| error.to_string())
}
