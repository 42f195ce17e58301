//! Asking until the request passes or the time is over.

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

/// Longest pause between attempts to hold: others may release what they hold at any time, before the wait
/// that the service returned is over.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Shortest wait between two attempts, whatever the service returned.
const WAIT_MIN: Duration = Duration::from_millis(1);

/// An acquire that waits: on the service as long as that does, then here.
pub(crate) struct Waiting {
    config: Arc<Config>,
    asked: Acquire,
    hold: Option<Duration>,
    /// `None` if there is no deadline.
    until: Option<Instant>,
    /// When a fault is the last one.
    give_up: Option<Instant>,
    exchange: Exchange<Granted>,
}

impl Waiting {
    /// All attempts share one id: a denial charges nothing, so the service does not remember its id.
    pub(crate) fn new(
        config: &Arc<Config>,
        asked: &Acquire,
        hold: Option<Duration>,
        timeout: Duration,
        now: Instant,
    ) -> Result<Self, ClientError> {
        let asked = asked.named()?;
        let exchange = Exchange::new(Arc::clone(config), asked.call(hold, timeout));
        let until = now.checked_add(timeout);
        // A lost answer is asked for again even where nothing is waited for.
        let give_up = now.checked_add(timeout.max(config.answer_timeout));
        let exchange = exchange.until(give_up);
        Ok(Self { config: Arc::clone(config), asked, hold, until, give_up, exchange })
    }

    /// How long to wait before asking again; `None` if asking again is of no use.
    fn wait(&self, answer: &Answer, left: Duration) -> Option<Duration> {
        let told = answer.retry_after.unwrap_or(Duration::MAX);
        let wait = match self.hold {
            Some(_) => told.min(LOOK_AGAIN).min(left),
            None => told,
        };
        (left > Duration::ZERO && wait <= left).then(|| wait.max(WAIT_MIN))
    }

    fn left(&self, now: Instant) -> Duration {
        self.until.map_or(Duration::MAX, |until| until.saturating_duration_since(now))
    }

    fn limited(&mut self, answer: Answer, now: Instant) -> Step<Result<Granted, AcquireError>> {
        let left = self.left(now);
        let Some(wait) = self.wait(&answer, left) else {
            return Step::Done(Err(AcquireError::TimedOut(answer)));
        };
        let call = self.asked.call(self.hold, left.saturating_sub(wait));
        self.exchange = Exchange::new(Arc::clone(&self.config), call).until(self.give_up);
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
            Step::Sleep(wait) => {
                let left = self.left(now).saturating_sub(wait);
                self.exchange.shorten(self.asked.call(self.hold, left));
                Step::Sleep(wait)
            }
            Step::Done(Err(error)) => Step::Done(Err(error.into())),
            Step::Done(Ok(granted)) => match granted.answer.verdict {
                Verdict::Allowed => Step::Done(Ok(granted)),
                Verdict::Impossible => Step::Done(Err(AcquireError::Impossible(granted.answer))),
                Verdict::Limited => self.limited(granted.answer, now),
            },
        }
    }
}
