//! The Durable Object of one record.

use std::rc::Rc;

use http_body_util::Full;
use tollgate_core::{Span, Timestamp};
use tollgate_service::Problem;
use tollgate_store::{Clock as _, Judgement, StoreError, Swap};
use worker::wasm_bindgen::prelude::*;
use worker::{
    DurableObject, Env, Request, Response, State, durable_object, wasm_bindgen,
    wasm_bindgen_futures,
};

use crate::clock::WorkerClock;
use crate::objects::Objects;
use crate::setup::{EdgeService, Setup, misconfigured, setup};
use crate::storage::{IDLE_GRACE, OwnRecord, Storage};
use crate::{request, response};

/// Keeps one record, decides what is asked of it alone, and ends when the record is idle.
#[durable_object(alarm)]
pub struct RecordObject {
    parts: Result<Parts, Problem>,
}

/// What an object is made of, where it could be made.
struct Parts {
    setup: Rc<Setup>,
    storage: Rc<Storage>,
    service: Rc<EdgeService<OwnRecord>>,
}

impl DurableObject for RecordObject {
    fn new(state: State, env: Env) -> Self {
        Self { parts: Parts::new(&state, &env) }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        let service = match &self.parts {
            Ok(parts) => Rc::clone(&parts.service),
            Err(problem) => return response::complete(problem.clone().into_response()),
        };
        let answer = service.handle(request::read(request).await.map(Full::new)).await;
        response::of_service(answer, service)
    }

    /// Removes the record when it is idle, and otherwise looks again when it will be.
    async fn alarm(&self) -> worker::Result<Response> {
        self.parts()?.look().await.map_err(|error| error.to_string())?;
        Response::empty()
    }
}

/// What the Worker calls where a request is about several records.
#[wasm_bindgen]
impl RecordObject {
    /// The record, or nothing.
    pub async fn load(&self, key: String) -> Result<Option<Vec<u8>>, JsValue> {
        self.parts()?.storage.get(&key).map_err(thrown)
    }

    /// Writes the record if it is still what was seen, and answers whether it was.
    pub async fn swap(
        &self,
        key: String,
        seen: Option<Vec<u8>>,
        record: Vec<u8>,
    ) -> Result<bool, JsValue> {
        let swapped = self.parts()?.storage.put(&key, seen.as_deref(), &record).await;
        Ok(swapped.map_err(thrown)? == Swap::Done)
    }
}

impl RecordObject {
    fn parts(&self) -> worker::Result<&Parts> {
        let refused = |_: &Problem| worker::Error::from("the Worker is not set up");
        self.parts.as_ref().map_err(refused)
    }
}

impl Parts {
    fn new(state: &State, env: &Env) -> Result<Self, Problem> {
        let setup = setup(env)?;
        let storage = Storage::new(state.storage());
        let storage = Rc::new(storage.map_err(|error| misconfigured(&error.to_string()))?);
        let others = Objects::bound(env).map_err(|error| misconfigured(&error.to_string()))?;
        let service = setup.service(OwnRecord { own: Rc::clone(&storage), others })?;
        Ok(Self { setup, storage, service: Rc::new(service) })
    }

    async fn look(&self) -> Result<(), StoreError> {
        self.storage.woken();
        let Some(key) = self.storage.key().await? else { return Ok(()) };
        // Read and removed without a pause between them, in which somebody could charge it.
        let Some(record) = self.storage.get(&key)? else { return Ok(()) };
        let now = WorkerClock.now().since(Timestamp::EPOCH.plus(IDLE_GRACE));
        match self.setup.retention.judge(&key, &record, Timestamp::from_nanos(now.as_nanos())) {
            Judgement::ForgetAfter(Span::ZERO) => self.storage.remove().await,
            Judgement::ForgetAfter(Span::NEVER) => Ok(()),
            Judgement::ForgetAfter(span) => self.storage.set_alarm(span.max(IDLE_GRACE)).await,
            // Nobody can say whether it matters; it is looked at again after the next write.
            Judgement::UnknownPolicy | Judgement::Corrupt | Judgement::Foreign => Ok(()),
        }
    }
}

fn thrown(error: StoreError) -> JsValue {
    JsValue::from_str(&error.to_string())
}
