//! One call, retried where that is safe. No I/O happens here: a [`Machine`] says what to do, a client
//! does it and reports the outcome.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};

use crate::calls::Call;
use crate::config::Config;
use crate::error::ClientError;
use crate::heard::{Broken, Heard};
use crate::random;

/// Longest wait before the second attempt; it doubles with every further one.
const FIRST_WAIT_MAX_MS: u64 = 100;
/// Longest wait before any attempt.
const WAIT_MAX_MS: u64 = 2_000;
/// Longest wait that a service which can't decide may ask for. A longer one is an error for the caller.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_secs(5);

/// What to do next.
#[derive(Debug)]
pub(crate) enum Step<T> {
    /// Send this, with this timeout for the answer.
    Send(Box<Request<Bytes>>, Duration),
    /// Sleep for so long.
    Sleep(Duration),
    /// It is over.
    Done(T),
}

/// What is asked until it is over.
pub(crate) trait Machine {
    type Output;

    /// Time for the next attempt: at the start, and after each [`Step::Sleep`].
    fn go(&mut self) -> Step<Self::Output>;

    /// What came of a [`Step::Send`], and what time it is.
    fn heard(&mut self, heard: Result<Response<Bytes>, Broken>, now: Instant)
    -> Step<Self::Output>;
}

/// A call on its way.
pub(crate) struct Exchange<T> {
    config: Arc<Config>,
    call: Call<T>,
    attempts: u32,
    /// Whether an attempt may have been carried out without an answer that says so.
    is_unclear: bool,
    /// When it is too late for another attempt, if it ever is.
    until: Option<Instant>,
}

/// Why an attempt has to be made again.
struct Fault {
    detail: String,
    may_be_done: bool,
    retry_after: Duration,
}

impl<T> Exchange<T> {
    pub(crate) fn new(config: Arc<Config>, call: Call<T>) -> Self {
        Self { config, call, attempts: 0, is_unclear: false, until: None }
    }

    /// Makes no attempt after this time but the first one.
    pub(crate) fn until(self, until: Option<Instant>) -> Self {
        Self { until, ..self }
    }

    /// What further attempts send: the same, for less time.
    pub(crate) fn shorten(&mut self, call: Call<T>) {
        self.call = call;
    }

    fn again(&mut self, fault: Fault, now: Instant) -> Step<Result<T, ClientError>> {
        self.is_unclear |= fault.may_be_done && self.call.changes();
        let is_safe = self.call.is_repeatable || !fault.may_be_done;
        let is_soon = fault.retry_after <= RETRY_AFTER_MAX;
        let wait = wait_after(self.attempts).max(fault.retry_after);
        let is_in_time = self.until.is_none_or(|until| wait < until.saturating_duration_since(now));
        if is_safe && is_soon && is_in_time && self.attempts < self.config.attempts_max {
            return Step::Sleep(wait);
        }
        let (detail, is_unclear) = (fault.detail, self.is_unclear);
        Step::Done(Err(ClientError::Unavailable { detail, is_unclear }))
    }
}

impl<T> Machine for Exchange<T> {
    type Output = Result<T, ClientError>;

    fn go(&mut self) -> Step<Self::Output> {
        self.attempts += 1;
        match self.call.request(&self.config) {
            Ok(request) => {
                Step::Send(Box::new(request), self.config.answer_timeout + self.call.waits)
            }
            Err(error) => Step::Done(Err(error)),
        }
    }

    fn heard(
        &mut self,
        heard: Result<Response<Bytes>, Broken>,
        now: Instant,
    ) -> Step<Self::Output> {
        let is_repeated = self.is_unclear;
        match heard.map(|response| Heard { response, is_repeated }) {
            Ok(heard) if is_fault(heard.status()) => {
                // A failed write may have arrived all the same.
                let retry_after = heard.retry_after().unwrap_or_default();
                self.again(Fault { detail: heard.problem().1, may_be_done: true, retry_after }, now)
            }
            Ok(heard) => Step::Done((self.call.read)(&heard)),
            Err(Broken::TooLong) => {
                Step::Done(Err(ClientError::too_long(self.config.answer_bytes_max)))
            }
            Err(Broken::NotSent(detail)) => self.again(Fault::of(detail, false), now),
            Err(Broken::Lost(detail)) => self.again(Fault::of(detail, true), now),
        }
    }
}

impl Fault {
    const fn of(detail: String, may_be_done: bool) -> Self {
        Self { detail, may_be_done, retry_after: Duration::ZERO }
    }
}

/// Whether an answer says nothing about the request, and the next attempt may get another one.
pub(crate) const fn is_fault(status: u16) -> bool {
    matches!(status, 408 | 500..600)
}

/// A random wait after so many attempts, so that clients that failed together don't retry together.
pub(crate) fn wait_after(attempts: u32) -> Duration {
    let doubled = FIRST_WAIT_MAX_MS.checked_shl(attempts.saturating_sub(1)).unwrap_or(WAIT_MAX_MS);
    Duration::from_millis(random::up_to(doubled.min(WAIT_MAX_MS)))
}
