//! A record that is kept in memory, among a million others.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::algorithms::adaptive::Change;
use crate::algorithms::any::{AnyRule, State};
use crate::algorithms::fixed_window::WindowState;
use crate::algorithms::meter::Tat;
use crate::algorithms::rule::Rule;
use crate::apply::decision::Decision;
use crate::apply::operation::{Acquire, Operation};
use crate::policy::Policy;
use crate::record::Record;
use crate::record::holds::Holds;
use crate::record::once::Once;
use crate::record::plain::Plain;
use crate::record::states::States;
use crate::time::{Span, Timestamp};

/// A record for limiters that keep many of them in memory: 24 bytes for a key under one meter or window,
/// of which nothing is remembered but where that limit stands. It is a whole [`Record`] behind a pointer
/// while there is more: holds, request ids, a block, several limits, another algorithm.
///
/// ```
/// use tollgate_core::{CompactRecord, Effect, Limit, Policy, Span, Timestamp};
/// let policy = Policy::new([Limit::token_bucket("requests", 3, 3, Span::from_secs(60))?])?;
/// let (one, now) = (policy.costs([])?.into(), Timestamp::from_secs(1_800_000_000));
///
/// let mut record = CompactRecord::new(&policy);
/// let effect = record.apply(&policy, &one, now, |decision| decision.effect());
/// assert_eq!(effect, Effect::Charged);
/// assert_eq!(record.forget_after(&policy, now), Span::from_secs(20));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompactRecord(Form);

/// Equal records have equal forms: what can be quiet is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Meter(Tat),
    Window(WindowState),
    Whole(Box<Record>),
}

impl CompactRecord {
    /// The record of a key that was never seen.
    #[must_use]
    pub fn new(policy: &Policy) -> Self {
        Self::of(policy, Record::new(policy))
    }

    /// This record, as small as it can be kept.
    #[must_use]
    pub fn of(policy: &Policy, record: Record) -> Self {
        Self(quiet(policy, &record).unwrap_or_else(|| Form::Whole(Box::new(record))))
    }

    /// Decides on a plain request, and charges it if it passes, when only one meter is involved.
    /// Otherwise nothing was done, and the caller must use [`apply`](Self::apply).
    ///
    /// It is what `apply` does on the way that most requests go, in a few nanoseconds.
    #[inline]
    #[must_use]
    pub fn decide_plain<'a>(
        &mut self,
        policy: &'a Policy,
        acquire: &Acquire,
        now: Timestamp,
    ) -> Option<Plain<'a>> {
        let (Form::Meter(tat), [limit]) = (&mut self.0, policy.limits()) else { return None };
        let AnyRule::Meter(meter) = limit.rule() else { return None };
        let mut healed = *tat;
        if !acquire.is_plain() || limit.is_shadow() || meter.heal(&mut healed, now) {
            return None;
        }
        Some(Plain::decide(meter, tat, now, acquire.costs.of(0)))
    }

    /// Does [`Policy::apply`], and lets `answer` say of the decision what the caller wants to know.
    #[inline]
    pub fn apply<T>(
        &mut self,
        policy: &Policy,
        operation: &Operation,
        now: Timestamp,
        answer: impl FnOnce(Decision<'_>) -> T,
    ) -> T {
        let state = match &mut self.0 {
            Form::Meter(tat) => State::Meter(*tat),
            Form::Window(window) => State::Window(*window),
            Form::Whole(record) => {
                let said = answer(policy.apply(record, operation, now));
                if let Some(form) = quiet(policy, record) {
                    self.0 = form;
                }
                return said;
            }
        };
        let mut record = of_state(state);
        let said = answer(policy.apply(&mut record, operation, now));
        // Not `Self::of`, which moves the record.
        self.0 = match quiet(policy, &record) {
            Some(form) => form,
            None => Form::Whole(Box::new(record)),
        };
        said
    }

    /// Does [`Policy::follow`].
    #[must_use]
    pub fn follow(
        &mut self,
        policy: &Policy,
        limit: usize,
        announced: &Change,
        now: Timestamp,
    ) -> bool {
        // A record of an adaptive limit has no small form.
        let Form::Whole(record) = &mut self.0 else { return false };
        policy.follow(record, limit, announced, now)
    }

    /// See [`Record::forget_after`].
    #[must_use]
    pub fn forget_after(&self, policy: &Policy, now: Timestamp) -> Span {
        self.look(|record| record.forget_after(policy, now))
    }

    /// See [`Record::encode`].
    #[must_use]
    pub fn encode(&self, policy: &Policy) -> Vec<u8> {
        self.look(|record| record.encode(policy))
    }

    #[inline]
    fn look<T>(&self, look: impl FnOnce(&Record) -> T) -> T {
        match &self.0 {
            Form::Meter(tat) => look(&of_state(State::Meter(*tat))),
            Form::Window(window) => look(&of_state(State::Window(*window))),
            Form::Whole(record) => look(record),
        }
    }
}

/// The small form of a record in which nothing is remembered but one small state.
#[inline]
fn quiet(policy: &Policy, record: &Record) -> Option<Form> {
    if policy.limits().len() != 1 || !record.is_quiet() {
        return None;
    }
    match record.states.first()? {
        State::Meter(tat) => Some(Form::Meter(*tat)),
        State::Window(window) => Some(Form::Window(*window)),
        _ => None,
    }
}

#[inline]
fn of_state(state: State) -> Record {
    Record {
        states: States::of(state),
        holds: Holds::default(),
        once: Once::default(),
        blocked_until: Timestamp::EPOCH,
        revision: 0,
        foreign: Vec::new(),
    }
}
