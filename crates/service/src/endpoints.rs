//! The endpoints of the API: one file per family of paths, and here the dispatch from routes to them.

mod acquire;
mod barriers;
mod batch;
mod capacity;
mod control;
mod events;
mod feedback;
mod health;
mod leases;
mod metrics;
mod openapi;
mod peek;
mod policies;
mod pools;
mod ready;
mod several;
mod watch;

use std::borrow::Cow;

use bytes::Bytes;
use http::Response;
use http::header::CACHE_CONTROL;
use http_body::Body;
use http_body_util::Full;
use tollgate_store::{Clock, Store};

use crate::answer::Detail;
use crate::body;
use crate::limiter::Limiter;
use crate::problem::{NO_STORE, Problem};
use crate::query::Query;
use crate::route::{Change, Get, Post, Route};
use crate::session::Session;

pub(crate) use self::events::expire_after;

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    /// Answers a request to a route. A body is read only if the route has one.
    pub(crate) async fn answer<B>(
        &self,
        route: Route<'_>,
        query: Option<&str>,
        body: B,
        detail: Detail,
    ) -> Result<Response<Full<Bytes>>, Problem>
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let post = match route {
            Route::Post(post) => post,
            Route::Get(get, names) => {
                let mut seen = self.look(get, &names, query, detail).await?;
                seen.headers_mut().insert(CACHE_CONTROL, NO_STORE);
                return Ok(seen);
            }
            Route::Change(change, policy) => {
                return self.change_policy(change, &policy, query, body).await;
            }
        };
        Query::none(query)?;
        let body = body::read(body).await?;
        let body = body::Members::parse(&body)?;
        match post {
            Post::Acquire => self.acquire(body, detail).await,
            Post::AcquireBatch => self.acquire_batch(body).await,
            Post::Settle => self.settle(body).await,
            Post::Release => self.release(body).await,
            Post::Renew => self.renew(body).await,
            Post::Penalise => self.penalise(body).await,
            Post::Block => self.block(body).await,
            Post::Reset => self.reset(body).await,
            Post::Lower => self.lower(body).await,
            Post::SetCapacity => self.set_capacity(body).await,
            Post::ClearCapacity => self.clear_capacity(body).await,
            Post::Reduce => self.reduce(body).await,
            Post::PoolAcquire => self.acquire_from_pool(body, detail).await,
            Post::Feedback => self.feedback(body).await,
            Post::ReportEvent => self.report_event(body).await,
            Post::CleanUpEvents => self.clean_up_events(body).await,
            Post::CreateBarrier => self.create_barrier(body).await,
            Post::Arrive => self.arrive(body).await,
            Post::Leave => self.leave(body).await,
            Post::ValidatePolicy => self.validate_policy(body),
        }
    }

    async fn change_policy<B>(
        &self,
        change: Change,
        policy: &str,
        query: Option<&str>,
        body: B,
    ) -> Result<Response<Full<Bytes>>, Problem>
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        match change {
            Change::PutPolicy => {
                Query::none(query)?;
                let body = body::read(body).await?;
                let body = body::Members::parse(&body)?;
                self.put_policy(policy, body).await
            }
            Change::DeletePolicy => self.delete_policy(policy, query).await,
        }
    }

    async fn look(
        &self,
        get: Get,
        names: &[Cow<'_, str>],
        query: Option<&str>,
        detail: Detail,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        if !get.takes_query() {
            Query::none(query)?;
        }
        match (get, names) {
            (Get::Peek, [policy, key]) => self.peek(policy, key, detail).await,
            (Get::Capacity, [policy, key]) => self.capacity(policy, key).await,
            (Get::Events, [upstream]) => self.events(upstream, query).await,
            (Get::Barrier, [barrier]) => self.barrier(barrier).await,
            (Get::Policies, _) => self.policies().await,
            (Get::Policy, [policy]) => self.policy(policy).await,
            (Get::OpenApi, _) => Ok(openapi::answer()),
            (Get::Metrics, _) => Ok(self.metrics()),
            (Get::Ready, _) => self.ready().await,
            (Get::Health, _) => Ok(health::answer()),
            // Not reached: each path template has the parameters matched here.
            _ => Err(Problem::not_found()),
        }
    }
}
