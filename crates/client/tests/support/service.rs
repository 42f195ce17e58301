// A tollgate in this process, with its records in memory, for tests and the examples of the
// documentation, which include this file: so these are no `//!`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::stream::{self, Stream};
use http_body_util::{Either, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tollgate_core::{Span, Timestamp};
use tollgate_kv::{KeyValueStore, Memory};
use tollgate_policy::{ApiKeys, PolicySet};
use tollgate_service::{Content, CoreLimiter, Service as Api, Watch};
use tollgate_store::Clock;

const POLICIES: &str = r#"
[policy.llm]
requests = { algorithm = "token-bucket", capacity = 60, refill = 60, per = "1m" }
input_tokens = { algorithm = "token-bucket", capacity = 10000, refill = 10000, per = "1m" }
[policy.budget]
units = { algorithm = "token-bucket", capacity = 100, refill = 0 }
[policy.strict]
units = { algorithm = "token-bucket", capacity = 100, refill = 0, overrun = "refuse" }
[policy.quick]
requests = { algorithm = "gcra", limit = 1, per = "300ms" }
[policy.hourly]
requests = { algorithm = "gcra", limit = 1, per = "1h" }
[policy.slots]
jobs = { algorithm = "concurrency", slots = 1 }
[policy.upstream]
calls = { algorithm = "adaptive", capacity = 100, per = "1s" }
[pool.accounts]
choice = "most-room"
members = [
    { policy = "budget", key = "account-a", region = "eu" },
    { policy = "budget", key = "account-b", region = "us" },
]
[pool.workers]
members = [{ policy = "slots", key = "one" }, { policy = "slots", key = "two" }]
"#;

/// What a service is asked through; it ends when this is dropped.
pub(crate) struct Service {
    address: SocketAddr,
    faults: Arc<Faults>,
    _stop: oneshot::Sender<()>,
}

/// What goes wrong on the way, and what was asked.
#[derive(Default)]
struct Faults {
    cuts: AtomicUsize,
    breaks: AtomicUsize,
    asked: AtomicUsize,
}

#[derive(Clone, Copy)]
struct MachineClock;

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Timestamp::from_nanos(since_1970.as_nanos().try_into().unwrap())
    }

    async fn sleep(&self, span: Span) {
        tokio::time::sleep(Duration::from_nanos(span.as_nanos())).await;
    }
}

type MemoryApi = Api<KeyValueStore, CoreLimiter, MachineClock>;

#[allow(dead_code, reason = "each of those who include it needs a part")]
impl Service {
    /// For everybody.
    pub(crate) fn start() -> Self {
        Self::serve(None)
    }

    /// For who has one of these keys.
    pub(crate) fn with_keys(keys: &str) -> Self {
        Self::serve(Some(ApiKeys::parse(keys).unwrap()))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next so many requests are handled, and their connections cut before the answer.
    pub(crate) fn cut(&self, answers: usize) {
        self.faults.cuts.store(answers, SeqCst);
    }

    /// So many streams break in place of telling the next thing that they have to tell.
    pub(crate) fn break_streams(&self, streams: usize) {
        self.faults.breaks.store(streams, SeqCst);
    }

    /// How many requests were handled.
    pub(crate) fn asked(&self) -> usize {
        self.faults.asked.load(SeqCst)
    }

    fn serve(keys: Option<ApiKeys>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let faults = Arc::new(Faults::default());
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let (address, seen) = (listener.local_addr().unwrap(), Arc::clone(&faults));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    () = accept(listener, keys, seen) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, faults, _stop: stop }
    }
}

async fn accept(listener: TcpListener, keys: Option<ApiKeys>, faults: Arc<Faults>) {
    let store = KeyValueStore::new(Arc::new(Memory::default()));
    let policies = PolicySet::parse(POLICIES).unwrap();
    let api = MemoryApi::new(policies, store, CoreLimiter, MachineClock, |_| {}).unwrap();
    let api = Arc::new(match keys {
        Some(keys) => api.with_keys(keys),
        None => api,
    });
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (api, faults) = (Arc::clone(&api), Arc::clone(&faults));
        let service = service_fn(move |request: http::Request<Incoming>| {
            let (api, faults) = (Arc::clone(&api), Arc::clone(&faults));
            async move {
                let answer = api.handle(request.map(|body| Limited::new(body, 1 << 16))).await;
                faults.asked.fetch_add(1, SeqCst);
                let is_cut = faults.cuts.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
                if is_cut.is_ok() {
                    return Err("cut");
                }
                Ok(answer.map(|content| match content {
                    Content::Full(body) => Either::Left(body),
                    Content::Watch(watch) => {
                        Either::Right(StreamBody::new(Box::pin(pieces(watch, api, faults))))
                    }
                }))
            }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

fn pieces(
    watch: Watch,
    api: Arc<MemoryApi>,
    faults: Arc<Faults>,
) -> impl Stream<Item = Result<Frame<Bytes>, &'static str>> {
    stream::unfold((watch, api, faults), |(mut watch, api, faults)| async {
        let piece = watch.next(&*api).await?;
        let is_broken = faults.breaks.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
        let piece = if is_broken.is_ok() { Err("broken") } else { Ok(Frame::data(piece)) };
        Some((piece, (watch, api, faults)))
    })
}
