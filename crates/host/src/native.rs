//! The service without WebAssembly: the same API, compiled for this machine.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::{io, mem};

use bytes::Bytes;
use futures::stream::{self, Stream};
use http::Request;
use http_body_util::Full;
use tollgate_core::Timestamp;
use tollgate_kv::{KeyValue, KeyValueStore};
use tollgate_policy::{ApiKeys, PolicySet};
use tollgate_service::{Content, CoreLimiter, LimiterError, Service, Watch};
use tollgate_store::{Breaker, Metered, StoreTally};

use crate::body::AnswerBody;
use crate::clock::SystemClock;
use crate::problem::Answer;
use crate::server::Handler;
use crate::streams::{STREAM_TIME_MAX, STREAMS_MAX, Streams};

pub(crate) type NativeStore = Breaker<Metered<KeyValueStore, SystemClock>, SystemClock>;
pub(crate) type NativeService = Service<NativeStore, CoreLimiter, SystemClock>;

/// Answers requests with the service itself.
pub struct Native {
    /// A request keeps the service it began with.
    service: RwLock<Arc<NativeService>>,
    /// Those that were replaced and may have leases of hot keys.
    replaced: Mutex<Vec<Arc<NativeService>>>,
    store: Arc<dyn KeyValue>,
    streams: Streams,
}

impl Native {
    /// The service for these policies, with its records in `store`. It answers only requests with one of
    /// `keys`, or all requests if that is `None`.
    ///
    /// # Errors
    /// When the limiter can't take a policy.
    pub fn new(
        policies: PolicySet,
        keys: Option<ApiKeys>,
        store: Arc<dyn KeyValue>,
    ) -> Result<Self, LimiterError> {
        let service = RwLock::new(Arc::new(service(policies, keys, Arc::clone(&store))?));
        let streams = Streams::new(STREAMS_MAX, STREAM_TIME_MAX);
        Ok(Self { service, replaced: Mutex::default(), store, streams })
    }

    /// From now on, requests are answered with these policies and keys, over the same records. What the
    /// process held besides them starts anew: counters, leases of hot keys (which are settled), and what was
    /// granted locally while the store failed. Streams end; clients that reconnect must show a key again.
    ///
    /// # Errors
    /// When the limiter can't take a policy; then nothing changes.
    pub fn reload(&self, policies: PolicySet, keys: Option<ApiKeys>) -> Result<(), LimiterError> {
        let service = Arc::new(service(policies, keys, Arc::clone(&self.store))?);
        let mut in_force = self.service.write().unwrap_or_else(PoisonError::into_inner);
        self.replaced().push(mem::replace(&mut *in_force, service));
        drop(in_force);
        self.streams.end_all();
        Ok(())
    }

    /// Settles the leases of hot keys that are over at `now`, and all those of services that were replaced.
    pub(crate) async fn settle_leases(&self, now: Timestamp) {
        self.service().settle_leases(now).await;
        let replaced = mem::take(&mut *self.replaced());
        for service in replaced {
            // A request that began with it may yet take a lease.
            let is_in_use = Arc::strong_count(&service) > 1;
            service.settle_leases(Timestamp::MAX).await;
            if is_in_use {
                self.replaced().push(service);
            }
        }
    }

    fn service(&self) -> Arc<NativeService> {
        Arc::clone(&self.service.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replaced(&self) -> MutexGuard<'_, Vec<Arc<NativeService>>> {
        self.replaced.lock().unwrap_or_else(PoisonError::into_inner)
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
        let service = self.service();
        let (head, content) = service.handle(request.map(Full::new)).await.into_parts();
        match content {
            Content::Full(body) => Answer::from_parts(head, AnswerBody::Full(body)),
            Content::Watch(watch) => self.streams.answer(head, pieces(service, watch)),
        }
    }

    fn end_streams(&self) {
        self.streams.end_all();
    }
}

/// The events for a watcher, as a stream of bytes.
fn pieces(
    service: Arc<NativeService>,
    watch: Watch,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::unfold((service, watch), |(service, mut watch)| async move {
        let piece = watch.next(&*service).await?;
        Some((Ok(piece), (service, watch)))
    })
}
