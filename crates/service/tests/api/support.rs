//! The service in virtual time, over a store that can fail.

mod store;
mod watcher;

use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use futures::executor::block_on;
use futures::future::join_all;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use serde_json::Value;
use tollgate_core::{Span, Timestamp};
use tollgate_policy::{ApiKeys, PolicySet};
use tollgate_service::{Content, CoreLimiter, Retention, SWEEP_PATH, Service};
use tollgate_store::{
    Clock, ManualClock, MemoryStore, Metered, Round, Store, StoreTally, Swap, Sweeper,
};

pub(crate) use self::store::{Fault, TestStore};
pub(crate) use self::watcher::Watcher;

pub(crate) const POLICIES: &str = r#"
[policy.slow]
requests = { algorithm = "token-bucket", capacity = 2, refill = 3, per = "10s" }
[policy.two]
fast = { algorithm = "gcra", limit = 1, per = "1500ms" }
slow = { algorithm = "gcra", limit = 1, per = "1h" }
[policy.huge]
units = { algorithm = "token-bucket", capacity = 9007199254740991, refill = 0 }
[policy.local]
on_store_failure = "local"
local_share_percent = 50
requests = { algorithm = "token-bucket", capacity = 4, refill = 4, per = "4s" }
[policy.llm]
requests = { algorithm = "token-bucket", capacity = 10, refill = 10, per = "10s" }
tokens = { algorithm = "token-bucket", capacity = 1000, refill = 100, per = "1s" }
[policy.strict]
tokens = { algorithm = "token-bucket", capacity = 100, refill = 1, per = "1s", overrun = "refuse" }
[policy.slots]
jobs = { algorithm = "concurrency", slots = 2 }
[policy.upstream]
calls = { algorithm = "adaptive", capacity = 100, per = "1s" }
[policy.lossy]
exactness = "best_effort"
requests = { algorithm = "gcra", limit = 2, per = "1s" }
[policy.open]
on_store_failure = "open"
requests = { algorithm = "gcra", limit = 1, per = "1s" }
"#;

pub(crate) struct SharedClock(Rc<ManualClock>);

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    /// What runs beside it has its turn meanwhile.
    async fn sleep(&self, span: Span) {
        self.0.sleep(span).await;
        let mut had_its_turn = false;
        poll_fn(|context| match std::mem::replace(&mut had_its_turn, true) {
            true => Poll::Ready(()),
            false => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
        })
        .await;
    }
}

pub(crate) struct Api {
    service: Service<Metered<TestStore, SharedClock>, CoreLimiter, SharedClock>,
    pub(crate) clock: Rc<ManualClock>,
    pub(crate) fault: Rc<Cell<Fault>>,
    pub(crate) loads: Rc<Cell<u64>>,
    records: Rc<MemoryStore>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Api {
    pub(crate) fn new() -> Self {
        Self::with(POLICIES)
    }

    /// With API keys.
    pub(crate) fn with_keys(keys: &str) -> Self {
        Self::new().keyed(keys)
    }

    pub(crate) fn with(policies: &str) -> Self {
        let clock = Rc::new(ManualClock::default());
        clock.set(Timestamp::from_secs(1_800_000_000));
        Self::over(policies, Rc::default(), clock)
    }

    /// Another process over the same store, whose own way to it may fail.
    pub(crate) fn beside(&self, policies: &str) -> Self {
        Self::over(policies, Rc::clone(&self.records), Rc::clone(&self.clock))
    }

    /// The same process, from now on with API keys.
    pub(crate) fn keyed(self, keys: &str) -> Self {
        Self { service: self.service.with_keys(ApiKeys::parse(keys).unwrap()), ..self }
    }

    fn over(policies: &str, records: Rc<MemoryStore>, clock: Rc<ManualClock>) -> Self {
        let store = TestStore { records: Rc::clone(&records), ..TestStore::default() };
        let (fault, loads) = (Rc::clone(&store.fault), Rc::clone(&store.loads));
        let policies = PolicySet::parse(policies).unwrap();
        let shared = || SharedClock(Rc::clone(&clock));
        let tally = Arc::new(StoreTally::default());
        let store = Metered::timed(store, shared(), Arc::clone(&tally));
        let service = Service::new(policies, store, CoreLimiter, shared(), |_| {}).unwrap();
        let service = service.with_store_tally(tally);
        Self { service, clock, fault, loads, records }
    }

    pub(crate) fn pass(&self, millis: u64) {
        self.clock.set(self.clock.now().plus(Span::from_millis(millis)));
    }

    pub(crate) fn clock_millis(&self) -> u64 {
        self.clock.now().as_nanos() / 1_000_000
    }

    pub(crate) fn acquire(&self, body: &Value) -> Answer {
        self.send(Request::post("/v1/acquire"), &body.to_string())
    }

    /// Posts a body, and answers status and body.
    pub(crate) fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.send(Request::post(path), &body.to_string());
        (answer.status.as_u16(), answer.json())
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        self.send(Request::get(path), "").json()
    }

    pub(crate) fn text(&self, path: &str) -> String {
        String::from_utf8(self.send(Request::get(path), "").body.to_vec()).unwrap()
    }

    /// Sends a body by any method, and answers status and body.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.send(Request::builder().method(method).uri(path), &body.to_string());
        (answer.status.as_u16(), answer.json())
    }

    /// What is stored under a key.
    pub(crate) fn stored(&self, record_key: &str) -> Option<Vec<u8>> {
        block_on(self.records.load(record_key)).unwrap().record
    }

    /// Puts bytes under a key, whatever is there.
    pub(crate) fn store(&self, record_key: &str, bytes: &[u8]) {
        let seen = block_on(self.records.load(record_key)).unwrap();
        let swap = block_on(self.records.swap(record_key, seen.token, bytes, Span::NEVER));
        assert_eq!(swap, Ok(Swap::Done));
    }

    /// One round of a sweeper.
    pub(crate) fn sweep(&self, retention: &Retention) -> Round {
        let judge = |key: &str, record: &[u8], now| retention.judge(key, record, now);
        let mut sweeper = Sweeper::default();
        block_on(sweeper.step(&*self.records, 100, self.clock.now(), judge)).unwrap().unwrap()
    }

    /// What a host with a timer does a few times a second.
    pub(crate) fn settle_leases(&self) {
        block_on(self.service.settle_leases(self.clock.now()));
    }

    /// What a host does that stops.
    pub(crate) fn stop(&self) {
        block_on(self.service.settle_leases(Timestamp::MAX));
    }

    /// What is left of a limit.
    pub(crate) fn remaining(&self, policy: &str, key: &str, limit: &str) -> u64 {
        self.get(&format!("/v1/limits/{policy}/{key}"))["limits"][limit]["remaining"]
            .as_u64()
            .unwrap()
    }

    pub(crate) fn send(&self, request: http::request::Builder, body: &str) -> Answer {
        block_on(self.answer(request, body))
    }

    /// Posts a body to each path; the first one waits while the second one is answered.
    pub(crate) fn post_both(&self, both: [(&str, &Value); 2]) -> [Value; 2] {
        let answers = both.map(|(path, body)| {
            let body = body.to_string();
            async move { self.answer(Request::post(path), &body).await.json() }
        });
        block_on(join_all(answers)).try_into().unwrap()
    }

    async fn answer(&self, request: http::request::Builder, body: &str) -> Answer {
        let request = request.body(Full::from(body.to_owned())).unwrap();
        // As an edge function does whose host does not sweep.
        let answer = match request.uri().path() {
            SWEEP_PATH => self.service.sweep::<Full<Bytes>>(request).await,
            _ => self.service.handle::<Full<Bytes>>(request).await,
        };
        let (parts, content) = answer.into_parts();
        let Content::Full(body) = content else { panic!("it goes on") };
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Begins to watch.
    pub(crate) fn watch(&self, path: &str) -> Watcher<'_> {
        self.watch_by(Request::get(path))
    }

    pub(crate) fn watch_by(&self, request: http::request::Builder) -> Watcher<'_> {
        let request = request.body(Full::from("")).unwrap();
        // As an edge function does whose host does not sweep.
        let answer = match request.uri().path() {
            SWEEP_PATH => block_on(self.service.sweep::<Full<Bytes>>(request)),
            _ => block_on(self.service.handle::<Full<Bytes>>(request)),
        };
        let (parts, content) = answer.into_parts();
        let Content::Watch(watch) = content else { panic!("{parts:?}: {content:?}") };
        assert_eq!(parts.headers["content-type"], "text/event-stream");
        Watcher { api: self, watch }
    }

    /// Makes what is stored under `key` no record of anything.
    pub(crate) fn corrupt(&self, key: &str) {
        let seen = block_on(self.records.load(key)).unwrap();
        assert!(seen.record.is_some(), "there is a record to corrupt");
        assert_eq!(
            block_on(self.records.swap(key, seen.token, b"?", Span::NEVER)).unwrap(),
            Swap::Done
        );
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}
