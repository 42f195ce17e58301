//! The service without WebAssembly: the same API, compiled for this machine.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tollgate_kv::{KeyValue, KeyValueStore};
use tollgate_policy::{ApiKeys, PolicySet};
use tollgate_service::{CoreLimiter, LimiterError, Service};
use tollgate_store::Breaker;

use crate::clock::SystemClock;
use crate::problem::Answer;
use crate::server::Handler;

/// Answers requests by the service itself.
pub struct Native(Service<Breaker<KeyValueStore, SystemClock>, CoreLimiter, SystemClock>);

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
        let store = Breaker::new(KeyValueStore::new(store), SystemClock);
        let report = |fault: &_| tracing::error!("{fault}");
        let service = Service::new(policies, store, CoreLimiter, SystemClock, report)?;
        Ok(Self(match keys {
            Some(keys) => service.with_keys(keys),
            None => service,
        }))
    }
}

impl Handler for Native {
    async fn handle(&self, request: Request<Bytes>) -> Answer {
        self.0.handle(request.map(Full::new)).await
    }
}
