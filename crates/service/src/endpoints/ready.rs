//! `GET /readyz`: whether the store answers, soon enough for decisions.

use std::pin::pin;

use bytes::Bytes;
use futures::future::{Either, select};
use http::Response;
use http_body_util::Full;
use tollgate_core::Span;
use tollgate_store::{Clock, DriveError, Store};

use crate::endpoints::health;
use crate::limiter::Limiter;
use crate::problem::Problem;
use crate::service::Fault;
use crate::session::Session;

/// How long the store may take. A probe usually waits for a second.
const READY_TIME_MAX: Span = Span::from_millis(900);

/// The key that is loaded: no record has it.
const READY_KEY: &str = "ready";

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    pub(crate) async fn ready(&self) -> Result<Response<Full<Bytes>>, Problem> {
        let load = pin!(self.service.store.load(READY_KEY));
        let cause = match select(load, pin!(self.service.clock.sleep(READY_TIME_MAX))).await {
            Either::Left((Ok(_), _)) => return Ok(health::answer()),
            Either::Left((Err(error), _)) => DriveError::Store(error),
            Either::Right(_) => DriveError::TimedOut,
        };
        let fault = Fault { record_key: String::from(READY_KEY), cause };
        self.report(&fault);
        Err(Problem::unavailable())
    }
}
