//! The service without WebAssembly: the same API, compiled for this machine.

use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tollgate_kv::{KeyValue, KeyValueStore};
use tollgate_policy::{ApiKeys, PolicySet};
use tollgate_service::{CoreLimiter, LimiterError, Service};
use tollgate_store::{Breaker, Metered, StoreTally};

use crate::clock::SystemClock;
use crate::problem::Answer;
use crate::server::Handler;

type NativeStore = Breaker<Metered<KeyValueStore, SystemClock>, SystemClock>;
type NativeService = Service<NativeStore, CoreLimiter, SystemClock>;

/// Answers requests by the service itself.
pub struct Native {
    /// A request keeps the one that it began with.
    service: RwLock<Arc<NativeService>>,
    store: Arc<dyn KeyValue>,
}

impl Native {
    /// The service for these policies, with its records in `store`, for who has one of these keys, or
    /// everybody.
    ///
    /// # Errors
    /// When the limiter can't take a policy.
    pub fn new(
        policies: PolicySet,
        keys: Option<ApiKeys>,
        store: Arc<dyn KeyValue>,
    ) -> Result<Self, LimiterError> {
        let service = RwLock::new(Arc::new(service(policies, keys, Arc::clone(&store))?));
        Ok(Self { service, store })
    }

    /// From now on requests are answered by these policies and keys, over the same records. What the
    /// process held beside them starts anew: counters, leases of hot keys (which expire), and what was
    /// granted locally while the store failed.
    ///
    /// # Errors
    /// When the limiter can't take a policy: then everything stays as it is.
    pub fn reload(&self, policies: PolicySet, keys: Option<ApiKeys>) -> Result<(), LimiterError> {
        let service = Arc::new(service(policies, keys, Arc::clone(&self.store))?);
        *self.service.write().unwrap_or_else(PoisonError::into_inner) = service;
        Ok(())
    }
}

fn service(
    policies: PolicySet,
    keys: Option<ApiKeys>,
    store: Arc<dyn KeyValue>,
) -> Result<NativeService, LimiterError> {
    let tally = Arc::new(StoreTally::default());
    let store = Metered::timed(KeyValueStore::new(store), SystemClock, Arc::clone(&tally));
    let store = Breaker::new(store, SystemClock);
    let report = |fault: &_| tracing::error!("{fault}");
    let service = Service::new(policies, store, CoreLimiter, SystemClock, report)?;
    let service = service.with_store_tally(tally);
    Ok(match keys {
        Some(keys) => service.with_keys(keys),
        None => service,
    })
}

impl Handler for Native {
    async fn handle(&self, request: Request<Bytes>) -> Answer {
        let service = self.service.read().unwrap_or_else(PoisonError::into_inner).clone();
        service.handle(request.map(Full::new)).await
    }
}
