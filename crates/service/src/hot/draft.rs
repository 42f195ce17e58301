//! A record while several operations are applied to it.

use tollgate_core::{Applied, Id, Operation, Policy, Record, Span, Timestamp};
use tollgate_store::Answer;

use crate::limiter::LimiterError;

/// Applies an operation to a record.
type Ask<'a> = &'a dyn Fn(Option<&[u8]>, &Operation) -> Result<Answer<Applied>, LimiterError>;

pub(super) struct Draft<'a> {
    pub(super) policy: &'a Policy,
    pub(super) now: Timestamp,
    seen: Option<&'a [u8]>,
    /// The record to write, if it changed.
    new: Option<Vec<u8>>,
    /// How long the new record matters.
    forget_after: Span,
    ask: Ask<'a>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(
        policy: &'a Policy,
        seen: Option<&'a [u8]>,
        now: Timestamp,
        ask: Ask<'a>,
    ) -> Self {
        Self { policy, now, seen, new: None, forget_after: Span::NEVER, ask }
    }

    pub(super) fn apply(&mut self, operation: &Operation) -> Result<Applied, LimiterError> {
        let answer = self.look(operation)?;
        Ok(self.keep(answer))
    }

    /// What the operation would result in.
    pub(super) fn look(&self, operation: &Operation) -> Result<Answer<Applied>, LimiterError> {
        (self.ask)(self.record(), operation)
    }

    /// Keeps that result.
    pub(super) fn keep(&mut self, answer: Answer<Applied>) -> Applied {
        if answer.record.is_some() {
            (self.new, self.forget_after) = (answer.record, answer.forget_after);
        }
        answer.outcome
    }

    /// How long the hold under this id still lives.
    pub(super) fn hold_left(&self, id: Id) -> Result<Span, LimiterError> {
        let expires = self.record().map(|record| Record::hold_expires_in(record, id));
        let expires = expires.transpose()?.flatten();
        Ok(expires.map_or(Span::ZERO, |expires| expires.since(self.now)))
    }

    /// The result of all operations.
    pub(super) fn answer<T>(self, outcome: T) -> Answer<T> {
        Answer { outcome, record: self.new, forget_after: self.forget_after }
    }

    fn record(&self) -> Option<&[u8]> {
        self.new.as_deref().or(self.seen)
    }
}
