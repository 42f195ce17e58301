//! The HTTP/1.1 server that both runtimes share: connections in, answers out, everything bounded.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::exchange::Exchange;
use crate::problem::Answer;
use crate::request_id::RequestIds;

/// Maximum bytes of a request head that hyper reads before it closes the connection. Far above
/// [`ServerConfig::head_bytes_max`], so that a long head is usually answered with what was wrong.
const READ_BUFFER_BYTES_MAX: usize = 64 << 10;

/// How long to wait after the system refused a connection, for example for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Answers requests.
pub trait Handler: Send + Sync + 'static {
    /// Answers `request`. The future is dropped when the request times out or its client disconnects.
    fn handle(&self, request: Request<Bytes>) -> impl Future<Output = Answer> + Send;

    /// Ends open streams because the server is stopping.
    fn end_streams(&self) {}
}

/// Limits on what clients may use.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Open connections; more wait in the system's queue until one is closed.
    pub connections_max: usize,
    /// Longest request line and headers together; more is answered with 431.
    pub head_bytes_max: usize,
    /// How long a connection may take to send a complete head, counted from when it was opened or from
    /// the previous answer. Bounds slow clients and idle connections alike.
    pub head_timeout: Duration,
    /// Longest request body; more is answered with 413.
    pub body_bytes_max: usize,
    /// How long a request may take from its head to its answer: 408 while the body is missing, 504
    /// afterwards.
    pub request_timeout: Duration,
    /// How long a shutdown waits for requests in progress.
    pub shutdown_timeout: Duration,
    /// Whether every request gets an id and is logged, to the target `access`.
    pub access_log: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            // Below the usual default limit of 1,024 open files.
            connections_max: 960,
            head_bytes_max: 16 << 10,
            head_timeout: Duration::from_secs(30),
            body_bytes_max: 64 << 10,
            request_timeout: Duration::from_secs(5),
            shutdown_timeout: Duration::from_secs(10),
            access_log: false,
        }
    }
}

/// Serves until `stop` resolves, then lets running requests finish for
/// [`ServerConfig::shutdown_timeout`].
pub async fn serve<H: Handler>(
    listener: TcpListener,
    handler: Arc<H>,
    config: ServerConfig,
    stop: impl Future<Output = ()>,
) {
    let server = Server {
        slots: Arc::new(Semaphore::new(config.connections_max)),
        graceful: GracefulShutdown::new(),
        http: http1_builder(&config),
        handler,
        config: Arc::new(config),
        request_ids: Arc::default(),
    };
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = server.accept(&listener) => {
                if let Some((stream, peer, slot)) = accepted {
                    server.spawn(stream, peer, slot);
                }
            }
        }
    }
    drop(listener);
    server.finish().await;
}

fn http1_builder(config: &ServerConfig) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(config.head_timeout)
        .max_buf_size(READ_BUFFER_BYTES_MAX);
    http
}

struct Server<H> {
    slots: Arc<Semaphore>,
    graceful: GracefulShutdown,
    http: http1::Builder,
    handler: Arc<H>,
    config: Arc<ServerConfig>,
    request_ids: Arc<RequestIds>,
}

impl<H: Handler> Server<H> {
    /// The next connection, or `None` when the system refused it.
    async fn accept(
        &self,
        listener: &TcpListener,
    ) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok()?;
        match listener.accept().await {
            Ok((stream, peer)) => Some((stream, peer, slot)),
            Err(error) => {
                tracing::warn!("a connection was not accepted: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                None
            }
        }
    }

    fn spawn(&self, stream: TcpStream, peer: SocketAddr, slot: OwnedSemaphorePermit) {
        // An answer is one small write, which must not wait until the client acknowledges an earlier one.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%peer, "the connection is gone already: {error}");
            return;
        }
        let exchange = Arc::new(Exchange {
            handler: Arc::clone(&self.handler),
            config: Arc::clone(&self.config),
            request_ids: Arc::clone(&self.request_ids),
            peer,
        });
        let service = service_fn(move |request: Request<Incoming>| {
            let exchange = Arc::clone(&exchange);
            async move { Ok::<_, Infallible>(exchange.answer(request).await) }
        });
        let connection = self.http.serve_connection(TokioIo::new(stream), service);
        let connection = self.graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%peer, "a connection broke off: {error}");
            }
            drop(slot);
        });
    }

    async fn finish(self) {
        self.handler.end_streams();
        let wait = self.config.shutdown_timeout;
        if tokio::time::timeout(wait, self.graceful.shutdown()).await.is_err() {
            tracing::warn!("some requests did not finish within {wait:?}");
        }
    }
}
