//! An HTTP component, ready to answer requests.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt as _;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use tokio::time::timeout;
use tollgate_kv::KeyValue;
use wasmtime::component::Component;
use wasmtime::error::Context as _;
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::handler::{ExpirationError, InstantiationError, ProxyHandler, ProxyPre};
use wasmtime_wasi_http::p3::bindings::ServicePre;

use crate::backpressure::Backpressure;
use crate::body::AnswerBody;
use crate::engine::engine;
use crate::guest;
use crate::keyvalue::quirks::Quirks;
use crate::problem::{Answer, overloaded, problem};
use crate::redis::RedisServer;
use crate::server::Handler;
use crate::streaming::Mark;
use crate::streams::{STREAM_TIME_MAX, STREAMS_MAX, Streams};
use crate::variables::Variables;
use crate::worker::Workers;

/// Limits and permissions of a component and its requests.
#[derive(Debug, Clone)]
pub struct EdgeConfig {
    /// Requests that one instance answers before it is replaced. At least 1.
    pub requests_per_instance: usize,
    /// Requests that one instance handles at a time. At least 1.
    pub concurrent_requests_per_instance: usize,
    /// How long an instance without requests is kept.
    pub idle_timeout: Duration,
    /// How long a request may take once its turn has come. An instance still computing after that is
    /// abandoned; one that is waiting takes no more requests.
    pub request_timeout: Duration,
    /// Largest linear memory of an instance.
    pub memory_bytes_max: usize,
    /// Longest body that a component may answer with, unless it is a stream of events.
    pub answer_bytes_max: usize,
    /// How long a stream of events may last.
    pub stream_timeout: Duration,
    /// Streams of events that are open at a time; more are refused with 503.
    pub streams_max: usize,
    /// Requests that all instances together handle at a time.
    pub concurrent_requests_max: usize,
    /// Requests that wait for their turn; more are refused with 503.
    pub waiting_requests_max: usize,
    /// Another host whose faults the key-value store imitates.
    pub quirks: Option<Quirks>,
    /// Redis servers that the component may use.
    pub allowed_redis: Vec<RedisServer>,
}

impl Default for EdgeConfig {
    fn default() -> Self {
        Self {
            // Spin 4.1's values, so that what is tested here holds there.
            requests_per_instance: 128,
            concurrent_requests_per_instance: 16,
            idle_timeout: Duration::from_secs(1),
            request_timeout: Duration::from_secs(5),
            memory_bytes_max: 64 << 20,
            answer_bytes_max: 1 << 20,
            stream_timeout: STREAM_TIME_MAX,
            streams_max: STREAMS_MAX,
            concurrent_requests_max: 256,
            waiting_requests_max: 512,
            quirks: None,
            allowed_redis: Vec::new(),
        }
    }
}

/// A compiled component and its instances.
pub struct Edge {
    proxy: ProxyHandler<Workers>,
    backpressure: Backpressure,
    request_timeout: Duration,
    answer_bytes_max: usize,
    streams: Streams,
}

impl Edge {
    /// Compiles the component `wasm`, or reuses what an earlier start compiled.
    ///
    /// # Errors
    /// When `wasm` is not a component, imports something guests are not given, or does not export
    /// `wasi:http/handler@0.3.0`.
    pub fn new(
        wasm: &[u8],
        config: EdgeConfig,
        store: Arc<dyn KeyValue>,
        variables: Variables,
    ) -> wasmtime::Result<Self> {
        let engine = engine(instances_max(&config), config.memory_bytes_max)
            .context("this machine can't run WebAssembly")?;
        let component = Component::new(&engine, wasm).context("this is no component")?;
        let service = guest::linker(&engine, config.quirks)?
            .instantiate_pre(&component)
            .and_then(ServicePre::new)
            .context("this component does not fit: it must export wasi:http/handler@0.3.0")?;
        Ok(Self {
            backpressure: Backpressure::new(
                config.concurrent_requests_max,
                config.waiting_requests_max,
            ),
            request_timeout: config.request_timeout,
            answer_bytes_max: config.answer_bytes_max,
            streams: Streams::new(config.streams_max, config.stream_timeout),
            proxy: ProxyHandler::new(Workers::new(
                engine,
                ProxyPre::P3(service),
                config,
                store,
                variables,
            )),
        })
    }
}

impl Edge {
    /// New instances get these variables. Existing ones finish the requests they have begun and take no
    /// others; streams end.
    pub fn reload(&self, variables: Variables) {
        self.proxy.state().reload(variables);
        self.streams.end_all();
    }
}

/// Twice the requests that run at a time: each may need an instance of its own, and an abandoned
/// instance lives on for a while.
fn instances_max(config: &EdgeConfig) -> u32 {
    let instances = config.concurrent_requests_max.saturating_mul(2);
    instances.try_into().unwrap_or(u32::MAX)
}

impl Drop for Edge {
    fn drop(&mut self) {
        self.proxy.state().stop();
    }
}

impl Handler for Edge {
    async fn handle(&self, request: Request<Bytes>) -> Answer {
        let Some(_turn) = self.backpressure.turn().await else {
            return overloaded("Too many requests are waiting. Try again in a second.");
        };
        let request = request.map(|body| Full::new(body).map_err(|e| match e {}).boxed_unsync());
        // Only a GET is answered with a stream.
        let mark = (request.method() == Method::GET).then(Mark::default);
        let answered = async {
            match self.proxy.handle(mark.clone(), request).await {
                Ok(answer) if is_stream(answer.headers()) => self.stream(answer, mark),
                Ok(answer) => self.collect(answer).await,
                Err(error) => explain(&error),
            }
        };
        timeout(self.request_timeout, answered).await.unwrap_or_else(|_| too_slow())
    }

    fn end_streams(&self) {
        self.streams.end_all();
    }
}

impl Edge {
    /// Forwards what the component sends, as it sends it.
    fn stream(&self, answer: http::Response<WasiBody>, mark: Option<Mark>) -> Answer {
        if let Some(mark) = mark {
            mark.set();
        }
        let (head, body) = answer.into_parts();
        let pieces = body.into_data_stream().map_err(|error| {
            tracing::debug!("a stream broke off: {error}");
            io::Error::other(error)
        });
        self.streams.answer(head, pieces)
    }

    /// Collects the whole answer before sending any of it: a guest that fails halfway becomes a clean
    /// 500, and an answer goes out in one write.
    async fn collect(&self, answer: http::Response<WasiBody>) -> Answer {
        let (head, body) = answer.into_parts();
        match Limited::new(body, self.answer_bytes_max).collect().await {
            Ok(body) => Answer::from_parts(head, AnswerBody::Full(Full::new(body.to_bytes()))),
            Err(error) if error.is::<LengthLimitError>() => {
                tracing::error!(limit_bytes = self.answer_bytes_max, "an answer is too long");
                problem(StatusCode::INTERNAL_SERVER_ERROR, "The component's answer is too long.")
            }
            Err(error) => {
                tracing::error!("an answer broke off: {error}");
                failed()
            }
        }
    }
}

/// Whether the component answers with a stream of events.
fn is_stream(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| value == "text/event-stream")
}

fn explain(error: &wasmtime::Error) -> Answer {
    if error.is::<ExpirationError>() {
        return too_slow();
    }
    if error.is::<InstantiationError<Option<Mark>>>() {
        tracing::error!("no instance could be made: {error:#}");
        return overloaded("No instance of the component could be made. Try again in a second.");
    }
    tracing::error!("the component failed: {error:#}");
    failed()
}

fn too_slow() -> Answer {
    problem(StatusCode::GATEWAY_TIMEOUT, "The component took too long to answer.")
}

fn failed() -> Answer {
    problem(
        StatusCode::INTERNAL_SERVER_ERROR,
        "The component failed on this or on another request of the same instance.",
    )
}
