//! The same service, compiled natively and with records in memory.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures::executor::block_on;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use tollgate_core::{Span, Timestamp};
use tollgate_policy::PolicySet;
use tollgate_service::{Content, CoreLimiter, Service};
use tollgate_store::{Clock, MemoryStore};

use crate::POLICIES;
use crate::answer::Answer;

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Timestamp::from_nanos(since_epoch.as_nanos().try_into().unwrap())
    }

    async fn sleep(&self, span: Span) {
        thread::sleep(Duration::from_nanos(span.as_nanos()));
    }
}

pub(crate) struct Native(Service<MemoryStore, CoreLimiter, SystemClock>);

impl Native {
    pub(crate) fn new() -> Self {
        let policies = PolicySet::parse(POLICIES).unwrap();
        let store = MemoryStore::default();
        Self(Service::new(policies, store, CoreLimiter, SystemClock, |_| {}).unwrap())
    }

    pub(crate) fn send(&self, request: &Request<String>) -> Answer {
        let request = request.clone().map(|body| Full::new(Bytes::from(body)));
        let is_head = request.method() == http::Method::HEAD;
        let (mut parts, content) = block_on(self.0.handle(request)).into_parts();
        let Content::Full(body) = content else { panic!("a stream is compared with nothing") };
        let body = block_on(body.collect()).unwrap().to_bytes();
        parts.headers.insert("content-length", body.len().into());
        Answer::new(&parts, if is_head { "" } else { str::from_utf8(&body).unwrap() })
    }
}
