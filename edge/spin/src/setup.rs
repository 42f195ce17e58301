//! The service of this instance, made by its first request and used by all of them.

use std::cell::OnceCell;
use std::rc::Rc;

use spin_sdk::variables;
use tollgate_policy::PolicySet;
use tollgate_service::{Problem, Service};
use tollgate_store::{Breaker, ElectedStore};

use crate::clock::SystemClock;
use crate::keyvalue::KeyValue;

#[cfg(feature = "linked")]
type EdgeLimiter = tollgate_service::CoreLimiter;
#[cfg(not(feature = "linked"))]
type EdgeLimiter = crate::limiter::ImportedLimiter;

type EdgeStore = Breaker<ElectedStore<KeyValue, SystemClock>, SystemClock>;
type EdgeService = Service<EdgeStore, EdgeLimiter, SystemClock>;

thread_local! {
    static SERVICE: OnceCell<Rc<EdgeService>> = const { OnceCell::new() };
}

/// The service, or the problem that every request is answered with while the configuration is wrong.
pub(crate) async fn service() -> Result<Rc<EdgeService>, Problem> {
    let made = || SERVICE.with(|cell| cell.get().cloned());
    if let Some(service) = made() {
        return Ok(service);
    }
    let text = variables::get("policies").await;
    // Another request may have been faster meanwhile; then its service is the one.
    if let Some(service) = made() {
        return Ok(service);
    }
    let text = text.map_err(|error| format!("the variable `policies` can't be read: {error}"));
    let built = text.and_then(|text| build(&text)).map_err(|message| {
        eprintln!("tollgate: {message}");
        Problem::misconfigured("the edge function is not set up; its log says why")
    })?;
    Ok(SERVICE.with(|cell| cell.get_or_init(|| Rc::new(built)).clone()))
}

fn build(text: &str) -> Result<EdgeService, String> {
    let policies =
        PolicySet::parse(text).map_err(|error| format!("the variable `policies`: {error}"))?;
    let store = ElectedStore::new(KeyValue::default(), SystemClock);
    let store = Breaker::new(store, SystemClock);
    Service::new(policies, store, EdgeLimiter::default(), SystemClock, |fault| {
        eprintln!("tollgate: {fault}");
    })
    .map_err(|error| error.to_string())
}
