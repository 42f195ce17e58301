//! The life of an instance: created when no other is free, reused for some requests, and dropped when it
//! is idle, worn out or stuck.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::Sleep;
use tollgate_kv::KeyValue;
use wasmtime::component::GuestTaskId;
use wasmtime::{Engine, Store, StoreContextMut};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, ProxyPre, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};

use crate::edge::EdgeConfig;
use crate::guest::Guest;
use crate::redis::RedisServers;
use crate::streaming::{Mark, Streaming};
use crate::variables::Variables;

/// How much later than its requests a stuck instance ends, so that they are answered first.
const EXPIRY_GRACE: Duration = Duration::from_millis(100);

/// Creates instances.
pub(crate) struct Workers {
    engine: Engine,
    service: ProxyPre<Guest>,
    config: EdgeConfig,
    store: Arc<dyn KeyValue>,
    /// The variables, and how often they were changed.
    variables: RwLock<(u64, Variables)>,
    /// The same count, for instances to compare with theirs.
    generation: Arc<AtomicU64>,
    redis: Arc<RedisServers>,
    stopping: Arc<AtomicBool>,
}

impl Workers {
    pub(crate) fn new(
        engine: Engine,
        service: ProxyPre<Guest>,
        config: EdgeConfig,
        store: Arc<dyn KeyValue>,
        variables: Variables,
    ) -> Self {
        let redis = RedisServers::new(config.allowed_redis.clone(), config.quirks);
        Self {
            engine,
            service,
            config,
            store,
            variables: RwLock::new((0, variables)),
            generation: Arc::default(),
            redis: Arc::new(redis),
            stopping: Arc::default(),
        }
    }

    /// From now on, an instance that ends early is not an error.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Retires all instances and gives these variables to new ones.
    pub(crate) fn reload(&self, variables: Variables) {
        let mut current = self.variables.write().unwrap_or_else(PoisonError::into_inner);
        *current = (current.0 + 1, variables);
        self.generation.store(current.0, Ordering::Relaxed);
    }

    fn new_store(&self, variables: Variables) -> Store<Guest> {
        let guest =
            Guest::new(Arc::clone(&self.store), variables, Arc::clone(&self.redis), &self.config);
        let mut store = Store::new(&self.engine, guest);
        store.limiter(|guest| &mut guest.limits);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        store
    }
}

impl HandlerState for Workers {
    type StoreData = Guest;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<Guest, Expiration, Worker>> {
        let (generation, variables) =
            self.variables.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut store = self.new_store(variables);
        let proxy = self.service.instantiate_async(&mut store).await?;
        let streaming = Streaming::default();
        Ok(Instance {
            store,
            proxy,
            view: Guest::http,
            expiration: Expiration {
                idle_timeout: self.config.idle_timeout,
                stuck_timeout: self.config.request_timeout + EXPIRY_GRACE,
                stream_timeout: self.config.stream_timeout + EXPIRY_GRACE,
                streaming: streaming.clone(),
                sleep: Box::pin(tokio::time::sleep(self.config.idle_timeout)),
            },
            state: Worker {
                requests_max: self.config.requests_per_instance,
                concurrent_requests_max: self.config.concurrent_requests_per_instance,
                request_timeout: self.config.request_timeout,
                streaming,
                stopping: Arc::clone(&self.stopping),
                generation,
                current_generation: Arc::clone(&self.generation),
            },
        })
    }
}

/// How many requests an instance takes, and how long each may last.
pub(crate) struct Worker {
    requests_max: usize,
    concurrent_requests_max: usize,
    request_timeout: Duration,
    streaming: Streaming,
    stopping: Arc<AtomicBool>,
    /// The generation of the variables it was created with.
    generation: u64,
    current_generation: Arc<AtomicU64>,
}

impl WorkerState for Worker {
    type StoreData = Guest;
    /// Tells later whether the answer is a stream; `None` for requests that are never streamed.
    type RequestData = Option<Mark>;

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        let is_outdated = self.current_generation.load(Ordering::Relaxed) != self.generation;
        if total >= self.requests_max || is_outdated {
            ShouldAccept::Never
        } else if concurrent >= self.concurrent_requests_max {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        _store: StoreContextMut<'_, Guest>,
        mark: Option<Mark>,
        _task: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        if let Some(mark) = mark {
            self.streaming.add(mark);
        }
        Box::pin(tokio::time::sleep(self.request_timeout))
    }

    fn drop(&self, store: Store<Guest>, result: wasmtime::Result<()>) {
        drop(store);
        if let Err(error) = result
            && !self.stopping.load(Ordering::Relaxed)
        {
            tracing::error!("an instance was given up: {error:#}");
        }
    }
}

/// Ends an instance from outside, since one in an endless loop never checks its own clock.
pub(crate) struct Expiration {
    idle_timeout: Duration,
    stuck_timeout: Duration,
    stream_timeout: Duration,
    streaming: Streaming,
    sleep: Pin<Box<Sleep>>,
}

impl WorkerExpiration for Expiration {
    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        status: WorkerStatus,
        since: Instant,
    ) -> Poll<()> {
        let timeout = match status {
            WorkerStatus::Idle => self.idle_timeout,
            WorkerStatus::PostReturn if self.streaming.is_any() => self.stream_timeout,
            WorkerStatus::Requests | WorkerStatus::PostReturn => self.stuck_timeout,
        };
        let deadline = tokio::time::Instant::from_std(since + timeout);
        if deadline != self.sleep.deadline() {
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().poll(cx)
    }
}
