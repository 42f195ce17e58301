//! The service without WebAssembly: the same API, compiled for this machine.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tollgate_core::{Span, Timestamp};
use tollgate_kv::{KeyValue, KeyValueStore};
use tollgate_policy::PolicySet;
use tollgate_service::{CoreLimiter, LimiterError, Service};
use tollgate_store::{Breaker, Clock};

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

/// The system's clock, and tokio's timer.
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_1970 =
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Timestamp::from_nanos(since_1970.as_nanos().try_into().unwrap_or(u64::MAX))
    }

    async fn sleep(&self, span: Span) {
        tokio::time::sleep(Duration::from_nanos(span.as_nanos())).await;
    }
}
