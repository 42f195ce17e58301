//! Which request goes where.

use std::borrow::Cow;

use bytes::Bytes;
use http::{Method, Response};
use http_body::Body;
use http_body_util::Full;
use percent_encoding::percent_decode_str;
use tollgate_store::{Clock, Store};

use crate::Service;
use crate::answer::Detail;
use crate::body;
use crate::endpoints::health;
use crate::limiter::Limiter;
use crate::problem::Problem;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    Post(Post),
    Peek { policy: Cow<'a, str>, key: Cow<'a, str> },
    Capacity { policy: Cow<'a, str>, key: Cow<'a, str> },
    Health,
}

/// What is done with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Post {
    Acquire,
    AcquireBatch,
    Settle,
    Release,
    Renew,
    Penalise,
    Block,
    Reset,
    Correct,
    SetCapacity,
    ClearCapacity,
    Reduce,
}

/// Paths that take a body.
const POSTS: [(&str, Post); 12] = [
    ("/v1/acquire", Post::Acquire),
    ("/v1/acquire/batch", Post::AcquireBatch),
    ("/v1/settle", Post::Settle),
    ("/v1/release", Post::Release),
    ("/v1/renew", Post::Renew),
    ("/v1/penalise", Post::Penalise),
    ("/v1/block", Post::Block),
    ("/v1/reset", Post::Reset),
    ("/v1/correct", Post::Correct),
    ("/v1/capacity/set", Post::SetCapacity),
    ("/v1/capacity/clear", Post::ClearCapacity),
    ("/v1/capacity/reduce", Post::Reduce),
];

impl<'a> Route<'a> {
    /// Where a request goes, or why nowhere.
    pub(crate) fn find(method: &Method, path: &'a str) -> Result<Self, Problem> {
        if let Some((_, post)) = POSTS.iter().find(|(there, _)| *there == path) {
            return match *method {
                Method::POST => Ok(Self::Post(*post)),
                _ => Err(Problem::method_not_allowed("POST")),
            };
        }
        let route = if path == "/healthz" {
            Self::Health
        } else if let Some(rest) = path.strip_prefix("/v1/limits/") {
            let (policy, key) = policy_and_key(rest)?;
            Self::Peek { policy, key }
        } else if let Some(rest) = path.strip_prefix("/v1/capacity/") {
            let (policy, key) = policy_and_key(rest)?;
            Self::Capacity { policy, key }
        } else {
            return Err(Problem::not_found());
        };
        match *method {
            Method::GET | Method::HEAD => Ok(route),
            _ => Err(Problem::method_not_allowed("GET, HEAD")),
        }
    }
}

/// Two segments of a path, with their percent escapes undone.
fn policy_and_key(rest: &str) -> Result<(Cow<'_, str>, Cow<'_, str>), Problem> {
    match rest.split_once('/') {
        Some((policy, key)) if !key.contains('/') => {
            Ok((decoded("policy", policy)?, decoded("key", key)?))
        }
        _ => Err(Problem::not_found()),
    }
}

fn decoded<'a>(field: &str, segment: &'a str) -> Result<Cow<'a, str>, Problem> {
    let text = percent_decode_str(segment).decode_utf8();
    text.map_err(|_| Problem::invalid(field, "its percent escapes are no UTF-8"))
}

impl<S: Store, L: Limiter, C: Clock> Service<S, L, C> {
    pub(crate) async fn answer<B>(
        &self,
        route: Route<'_>,
        body: B,
        detail: Detail,
    ) -> Result<Response<Full<Bytes>>, Problem>
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let post = match route {
            Route::Post(post) => post,
            Route::Peek { policy, key } => return self.peek(&policy, &key, detail).await,
            Route::Capacity { policy, key } => return self.capacity(&policy, &key).await,
            Route::Health => return Ok(health::answer()),
        };
        let body = body::Members::parse(&body::read(body).await?)?;
        match post {
            Post::Acquire => self.acquire(body, detail).await,
            Post::AcquireBatch => self.acquire_batch(body).await,
            Post::Settle => self.settle(body).await,
            Post::Release => self.release(body).await,
            Post::Renew => self.renew(body).await,
            Post::Penalise => self.penalise(body).await,
            Post::Block => self.block(body).await,
            Post::Reset => self.reset(body).await,
            Post::Correct => self.correct(body).await,
            Post::SetCapacity => self.set_capacity(body).await,
            Post::ClearCapacity => self.clear_capacity(body).await,
            Post::Reduce => self.reduce(body).await,
        }
    }
}
