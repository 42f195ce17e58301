//! Asking until it passes, or the time is over.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Response;

use crate::answer::{Answer, Verdict};
use crate::calls::{Acquire, Granted};
use crate::config::Config;
use crate::error::{AcquireError, ClientError};
use crate::exchange::{Exchange, Machine, Step};
use crate::heard::Broken;

/// Longest pause of one who waits to hold something: what others hold they may let go of at any time, earlier
/// than the wait that was told.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Shortest wait between two questions, whatever is told.
const WAIT_MIN: Duration = Duration::from_millis(1);

/// An acquire that waits: on the service where it does that, and here where it does not.
pub(crate) struct Waiting {
    config: Arc<Config>,
    asked: Acquire,
    hold: Option<Duration>,
    /// Nothing where there is no end.
    until: Option<Instant>,
    exchange: Exchange<Granted>,
}

impl Waiting {
    /// Every attempt is made under one id: what was denied was not charged, so it is not remembered.
    pub(crate) fn new(
        config: &Arc<Config>,
        asked: &Acquire,
        hold: Option<Duration>,
        timeout: Duration,
        now: Instant,
    ) -> Result<Self, ClientError> {
        let asked = asked.named()?;
        let exchange = Exchange::new(Arc::clone(config), asked.call(hold, timeout));
        Ok(Self {
            config: Arc::clone(config),
            asked,
            hold,
            until: now.checked_add(timeout),
            exchange,
        })
    }

    /// When to ask again, or `None` when that is of no use.
    fn wait(&self, answer: &Answer, left: Duration) -> Option<Duration> {
        let told = answer.retry_after.unwrap_or(Duration::MAX);
        let wait = match self.hold {
            Some(_) => told.min(LOOK_AGAIN).min(left),
            None => told,
        };
        (left > Duration::ZERO && wait <= left).then(|| wait.max(WAIT_MIN))
    }

    fn limited(&mut self, answer: Answer, now: Instant) -> Step<Result<Granted, AcquireError>> {
        let left = self.until.map_or(Duration::MAX, |until| until.saturating_duration_since(now));
        let Some(wait) = self.wait(&answer, left) else {
            return Step::Done(Err(AcquireError::TimedOut(answer)));
        };
        let call = self.asked.call(self.hold, left.saturating_sub(wait));
        self.exchange = Exchange::new(Arc::clone(&self.config), call);
        Step::Sleep(wait)
    }
}

impl Machine for Waiting {
    type Output = Result<Granted, AcquireError>;

    fn go(&mut self) -> Step<Self::Output> {
        match self.exchange.go() {
            Step::Send(request, timeout) => Step::Send(request, timeout),
            Step::Sleep(wait) => Step::Sleep(wait),
            Step::Done(done) => Step::Done(done.map_err(AcquireError::from)),
        }
    }

    fn heard(
        &mut self,
        heard: Result<Response<Bytes>, Broken>,
        now: Instant,
    ) -> Step<Self::Output> {
        match self.exchange.heard(heard, now) {
            Step::Send(request, timeout) => Step::Send(request, timeout),
            Step::Sleep(wait) => Step::Sleep(wait),
            Step::Done(Err(error)) => Step::Done(Err(error.into())),
            Step::Done(Ok(granted)) => match granted.answer.verdict {
                Verdict::Allowed => Step::Done(Ok(granted)),
                Verdict::Impossible => Step::Done(Err(AcquireError::Impossible(granted.answer))),
                Verdict::Limited => self.limited(granted.answer, now),
            },
        }
    }
}
