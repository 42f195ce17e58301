//! The service in virtual time, over a store that can fail.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use futures::executor::block_on;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use serde_json::Value;
use tollgate_core::{Span, Timestamp};
use tollgate_policy::{ApiKeys, PolicySet};
use tollgate_service::{Content, CoreLimiter, Retention, SWEEP_PATH, Service, Watch};
use tollgate_store::{
    Clock, KeySwap, Loaded, ManualClock, MemoryStore, Metered, Page, Round, Store, StoreError,
    StoreTally, Swap, Sweeper, SweptStore,
};

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

    async fn sleep(&self, span: Span) {
        self.0.sleep(span).await;
    }
}

/// A store in memory that can be made to fail.
#[derive(Default)]
pub(crate) struct TestStore {
    records: Rc<MemoryStore>,
    fault: Rc<Cell<Fault>>,
    /// How often it was asked for a record.
    loads: Rc<Cell<u64>>,
}

#[derive(Default, Clone, Copy)]
pub(crate) enum Fault {
    #[default]
    None,
    Load,
    Swap,
    Conflicts,
    /// It swaps one key at a time.
    OneByOne,
    /// It never answers.
    Silent,
    Inexact,
}

impl Store for TestStore {
    type Token = <MemoryStore as Store>::Token;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        self.loads.set(self.loads.get() + 1);
        match self.fault.get() {
            Fault::Load => Err(StoreError::Unavailable("no route".into())),
            Fault::Silent => std::future::pending().await,
            _ => self.records.load(key).await,
        }
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        match self.fault.get() {
            Fault::Swap => Err(StoreError::Unavailable("read only".into())),
            Fault::Conflicts => Ok(Swap::Conflict),
            Fault::Inexact => Err(StoreError::Inexact),
            _ => self.records.swap(key, token, record, forget_after).await,
        }
    }

    async fn swap_all(
        &self,
        swaps: Vec<KeySwap<'_, Self::Token>>,
    ) -> Result<Option<Swap>, StoreError> {
        match self.fault.get() {
            Fault::Swap => Err(StoreError::Unavailable("read only".into())),
            Fault::Conflicts => Ok(Some(Swap::Conflict)),
            Fault::OneByOne | Fault::Inexact => Ok(None),
            _ => self.records.swap_all(swaps).await,
        }
    }

    async fn overwrite(&self, key: &str, record: &[u8]) -> Result<(), StoreError> {
        let seen = self.records.load(key).await?;
        self.records.swap(key, seen.token, record, Span::NEVER).await.map(drop)
    }
}

pub(crate) struct Api {
    service: Service<Metered<TestStore, SharedClock>, CoreLimiter, SharedClock>,
    pub(crate) clock: Rc<ManualClock>,
    pub(crate) fault: Rc<Cell<Fault>>,
    pub(crate) loads: Rc<Cell<u64>>,
    records: Rc<MemoryStore>,
}

impl SweptStore for TestStore {
    async fn list(&self, cursor: Option<&str>) -> Result<Page, StoreError> {
        match self.fault.get() {
            Fault::Load => Err(StoreError::Unavailable("no route".into())),
            _ => self.records.list(cursor).await,
        }
    }

    async fn remove(&self, key: &str, token: Self::Token) -> Result<Swap, StoreError> {
        match self.fault.get() {
            Fault::Swap => Err(StoreError::Unavailable("read only".into())),
            Fault::Inexact => Err(StoreError::Inexact),
            _ => self.records.remove(key, token).await,
        }
    }
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

    /// What is left of a limit.
    pub(crate) fn remaining(&self, policy: &str, key: &str, limit: &str) -> u64 {
        self.get(&format!("/v1/limits/{policy}/{key}"))["limits"][limit]["remaining"]
            .as_u64()
            .unwrap()
    }

    pub(crate) fn send(&self, request: http::request::Builder, body: &str) -> Answer {
        let request = request.body(Full::from(body.to_owned())).unwrap();
        // As an edge function does whose host does not sweep.
        let answer = match request.uri().path() {
            SWEEP_PATH => block_on(self.service.sweep::<Full<Bytes>>(request)),
            _ => block_on(self.service.handle::<Full<Bytes>>(request)),
        };
        let (parts, content) = answer.into_parts();
        let Content::Full(body) = content else { panic!("it goes on") };
        let body = block_on(body.collect()).unwrap().to_bytes();
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

/// Somebody who watches.
pub(crate) struct Watcher<'a> {
    api: &'a Api,
    watch: Watch,
}

/// What it is told.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) data: Value,
}

impl Watcher<'_> {
    /// The next piece of the stream; the clock moves while it waits.
    pub(crate) fn next(&mut self) -> Option<String> {
        let piece = block_on(self.watch.next(&self.api.service))?;
        Some(String::from_utf8(piece.to_vec()).unwrap())
    }

    /// The events of the next piece that has some; none when the stream is over.
    pub(crate) fn told(&mut self) -> Vec<Told> {
        while let Some(piece) = self.next() {
            let told: Vec<_> = piece.split("\n\n").filter_map(Told::read).collect();
            if !told.is_empty() {
                return told;
            }
        }
        Vec::new()
    }
}

impl Told {
    fn read(event: &str) -> Option<Self> {
        let mut lines = event.lines();
        let mut field = |name: &str| lines.next()?.strip_prefix(name).map(str::to_owned);
        let (id, name) = (field("id: ")?, field("event: ")?);
        let data = serde_json::from_str(&field("data: ")?).unwrap();
        Some(Self { id, name, data })
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
