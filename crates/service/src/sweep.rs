//! `POST /v1/sweep`: removes idle records, one bounded step at a time, where nothing sweeps by itself.
//!
//! A guest has no background time: it works only while a request waits for it. So the operator requests each step,
//! and continues where the last one ended until the sweep is complete.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body;
use http_body_util::Full;
use serde::Serialize;
use tollgate_core::{Name, Span, Timestamp};
use tollgate_policy::Scope;
use tollgate_store::{Clock, DriveError, Judgement, Round, StoreError, SweptStore};

use crate::answer::json;
use crate::auth::authorize;
use crate::body::{self, Members};
use crate::content::Content;
use crate::key::{is_swept_for, key_of, owner_of};
use crate::limiter::{Limiter, LimiterError};
use crate::problem::Problem;
use crate::retention::judge_other;
use crate::service::{Fault, Service};
use crate::session::Session;

/// The path of [`Service::sweep`].
pub const SWEEP_PATH: &str = "/v1/sweep";

/// Most keys looked at in one step: as many loads, during which an instance does nothing else.
pub const SWEEP_KEYS_MAX: usize = 500;

/// Most records removed in one step; each removal takes several calls of the store.
pub const SWEEP_REMOVALS_MAX: usize = 50;

/// Longest cursor in bytes, which is the longest key of a store.
const CURSOR_BYTES_MAX: usize = 256;

/// The result of a step.
#[derive(Serialize)]
struct StepBody {
    looked_at: u64,
    removed: u64,
    contended: u64,
    unknown_policy: u64,
    corrupt: u64,
    /// Where the next step continues; nothing after the last one.
    cursor: Option<String>,
}

impl<S: SweptStore, L: Limiter, C: Clock> Service<S, L, C> {
    /// Answers a request for [`SWEEP_PATH`]: removes the next idle records of the requesting tenant, which needs the
    /// scope `admin`.
    ///
    /// It lists all keys of the store. Of those after the cursor it looks at [`SWEEP_KEYS_MAX`] at most, and stops
    /// when [`SWEEP_REMOVALS_MAX`] were to be removed.
    pub async fn sweep<B>(&self, request: Request<B>) -> Response<Content>
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let answer = self.try_sweep(request).await;
        answer.unwrap_or_else(Problem::into_response).map(Content::Full)
    }

    async fn try_sweep<B>(&self, request: Request<B>) -> Result<Response<Full<Bytes>>, Problem>
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        if parts.method != Method::POST {
            return Err(Problem::method_not_allowed("POST"));
        }
        let tenant = match &self.keys {
            Some(keys) => Some(&authorize(keys, &parts.headers, Scope::Admin)?.tenant),
            None => None,
        };
        let body = body::read(body).await?;
        let mut body = Members::parse(&body)?;
        let cursor = cursor(&mut body)?;
        body.end()?;
        self.sweep_after(tenant, cursor).await
    }

    async fn sweep_after(
        &self,
        tenant: Option<&Name>,
        cursor: Option<String>,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let session = self.session_of(tenant).await;
        let step = match session.next_keys(cursor.as_deref()).await {
            Ok(keys) => session.sweep_keys(&keys).await,
            Err(error) => Err(error),
        };
        step.map(|step| json(&step)).map_err(|error| {
            let record_key = String::from(SWEEP_PATH);
            let fault = Fault { record_key, cause: DriveError::Store(error) };
            session.report(&fault);
            Problem::from(fault)
        })
    }
}

impl<S: SweptStore, L: Limiter, C: Clock> Session<'_, S, L, C> {
    /// The first keys of the tenant after `cursor`, sorted, whatever the order of the store.
    async fn next_keys(&self, cursor: Option<&str>) -> Result<BTreeSet<String>, StoreError> {
        let (mut next, mut page_cursor) = (BTreeSet::new(), None::<String>);
        loop {
            let page = self.service.store.list(page_cursor.as_deref()).await?;
            let is_next = |key: &String| {
                cursor.is_none_or(|cursor| **key > *cursor) && is_swept_for(self.tenant(), key)
            };
            for key in page.keys.into_iter().filter(is_next) {
                next.insert(key);
                if next.len() > SWEEP_KEYS_MAX {
                    next.pop_last();
                }
            }
            page_cursor = page.cursor;
            if page_cursor.is_none() {
                return Ok(next);
            }
        }
    }

    async fn sweep_keys(&self, keys: &BTreeSet<String>) -> Result<StepBody, StoreError> {
        let (mut round, kept) = (Round::default(), Cell::new(0));
        let judge = |record_key: &str, record: &[u8], idle_at: Timestamp| {
            let judgement = self.judge(record_key, record, idle_at);
            if judgement != Judgement::ForgetAfter(Span::ZERO) {
                kept.set(kept.get() + 1);
            }
            judgement
        };
        let (mut swept, mut last) = (0, None);
        for key in keys {
            if swept - kept.get() == SWEEP_REMOVALS_MAX {
                return Ok(step(round, last));
            }
            let now = self.service.clock.now();
            round.look_at(&self.service.store, key, now, judge).await?;
            (swept, last) = (swept + 1, Some(key));
        }
        Ok(step(round, last.filter(|_| keys.len() == SWEEP_KEYS_MAX)))
    }

    /// Whether a record still matters under the policies that are in force.
    fn judge(&self, record_key: &str, record: &[u8], idle_at: Timestamp) -> Judgement {
        let Some((_, policy)) = owner_of(record_key) else {
            return judge_other(record_key, record, idle_at);
        };
        let Ok(opened) = self.opened(policy) else { return Judgement::UnknownPolicy };
        match opened.idle_after(&self.service.limiter, key_of(record_key), record, idle_at) {
            Ok(Some(span)) => Judgement::ForgetAfter(span),
            Ok(None) | Err(LimiterError::Refused(_)) => Judgement::UnknownPolicy,
            Err(_) => Judgement::Corrupt,
        }
    }
}

fn cursor(body: &mut Members<'_>) -> Result<Option<String>, Problem> {
    match body.text("cursor")? {
        Some(text) if text.len() > CURSOR_BYTES_MAX => {
            let detail = format!("must have at most {CURSOR_BYTES_MAX} bytes, not {}", text.len());
            Err(body.invalid("cursor", detail))
        }
        cursor => Ok(cursor.map(Cow::into_owned)),
    }
}

fn step(round: Round, cursor: Option<&String>) -> StepBody {
    let Round { looked_at, removed, contended, unknown_policy, corrupt } = round;
    StepBody { looked_at, removed, contended, unknown_policy, corrupt, cursor: cursor.cloned() }
}
