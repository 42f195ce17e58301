//! What every machine works with: the decider, the driver's answers, and the decision on each leg.

use alloc::vec::Vec;

use crate::acquisition::decide::{Applied, Decide};
use crate::acquisition::inbox::Inbox;
use crate::acquisition::outcome::{Ending, Outcome};
use crate::acquisition::step::Step;
use crate::acquisition::sweep::Sweep;
use crate::acquisition::turn::{Task, Turn, Turned};
use crate::apply::operation::Operation;
use crate::time::Timestamp;

#[derive(Debug, Clone)]
pub(super) struct Table<D, E> {
    pub(super) decide: D,
    pub(super) inbox: Inbox,
    /// The last decision on each leg, in the caller's order.
    legs: Vec<Option<Applied>>,
    error: Option<E>,
}

/// A step of a sweep.
#[derive(Debug)]
pub(super) enum Swept {
    Step(Step),
    /// This leg had its turn; without a decision it stays as it is.
    Leg(usize, Turned),
    Over,
}

impl<D: Decide> Table<D, D::Error> {
    pub(super) fn new(decide: D, legs: usize) -> Self {
        let none = (0..legs).map(|_| None).collect();
        Self { decide, inbox: Inbox::new(legs), legs: none, error: None }
    }

    pub(super) fn leg(&self, leg: usize) -> Option<&Applied> {
        self.legs.get(leg)?.as_ref()
    }

    pub(super) fn put(&mut self, leg: usize, mut applied: Applied) {
        // Only a denial's healed record is still to be written.
        if applied.is_allowed() {
            applied.record = None;
        }
        if let Some(slot) = self.legs.get_mut(leg) {
            *slot = Some(applied);
        }
    }

    /// Decides on what was loaded of a leg, and keeps it for later. Returns whether there was a decision.
    pub(super) fn look(&mut self, leg: usize, operation: &Operation, now: Timestamp) -> bool {
        let Some(record) = self.inbox.record(leg) else { return false };
        match self.decide.apply(leg, record, operation, now) {
            Ok(applied) => {
                self.put(leg, applied);
                true
            }
            Err(error) => {
                self.error = Some(error);
                false
            }
        }
    }

    /// A leg's turn. A decider's error counts as a failure, and is returned at the end.
    pub(super) fn turn(&mut self, turn: &mut Turn, task: &Task<'_>) -> Turned {
        turn.next(task, &mut self.inbox, &self.decide).unwrap_or_else(|error| self.fail(error))
    }

    pub(super) fn sweep(&mut self, sweep: &mut Sweep, now: Timestamp) -> Swept {
        match sweep.next(&mut self.inbox, &self.decide, now) {
            None => Swept::Over,
            Some((_, Ok(Turned::Step(step)))) => Swept::Step(step),
            Some((leg, Ok(turned))) => Swept::Leg(leg, turned),
            Some((leg, Err(error))) => Swept::Leg(leg, self.fail(error)),
        }
    }

    fn fail(&mut self, error: D::Error) -> Turned {
        self.error = Some(error);
        Turned::Failed
    }

    /// The last steps: writing the records that denials healed (losing these writes does no harm), and
    /// the outcome.
    pub(super) fn end(&mut self, ending: Ending) -> Result<Step, D::Error> {
        for (leg, applied) in self.legs.iter_mut().enumerate() {
            if let Some(record) = applied.as_mut().and_then(|applied| applied.record.take()) {
                return Ok(Step::Swap { leg, record });
            }
        }
        // An admitted request stays admitted, even if the cleanup could not read a record.
        match self.error.take() {
            Some(error) if ending == Ending::Failed => Err(error),
            _ => Ok(Step::Done(Outcome { ending, legs: self.legs.clone() })),
        }
    }
}
