//! The service without WebAssembly: the same API, compiled for this machine.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tollgate_kv::{KeyValue, KeyValueStore};
use tollgate_policy::PolicySet;
use tollgate_service::{CoreLimiter, LimiterError, Service};
use tollgate_store::Breaker;

use crate::clock::SystemClock;
use crate::problem::Answer;
use crate::server::Handler;

/// Answers requests by the service itself.
pub struct Native(Service<Breaker<KeyValueStore, SystemClock>, CoreLimiter, SystemClock>);

impl Native {
    /// The service for these policies, with its records in `store`.
    ///
    /// # Errors
    /// When the limiter can't take a policy.
    pub fn new(policies: PolicySet, store: Arc<dyn KeyValue>) -> Result<Self, LimiterError> {
        let store = Breaker::new(KeyValueStore::new(store), SystemClock);
        let report = |fault: &_| tracing::error!("{fault}");
        Service::new(policies, store, CoreLimiter, SystemClock, report).map(Self)
    }
}

impl Handler for Native {
    async fn handle(&self, request: Request<Bytes>) -> Answer {
        self.0.handle(request.map(Full::new)).await
    }
}
