//! One operation on one key: load, decide, swap, and again after a conflict.

use crate::acquisition::decide::{Applied, Decide};
use crate::acquisition::inbox::Inbox;
use crate::acquisition::step::{Step, Swap};
use crate::apply::operation::Operation;
use crate::time::{Span, Timestamp};

/// Most swaps to charge or hold on one key; after that the key is too busy.
pub const ATTEMPTS_MAX: u32 = 10;

/// Most swaps to settle, release or renew a hold on one key. More than to place one: a key too busy
/// for one is too busy for the other, and a hold that is not ended takes room until it expires, and
/// is charged then.
pub const SETTLE_ATTEMPTS_MAX: u32 = 32;

/// How long the driver of a decision keeps making attempts, counted from the first load of the record.
/// Each store call has a bound of its own, set by the store.
pub const DECISION_TIME_MAX: Span = Span::from_secs(2);

/// A leg's turn.
#[derive(Debug, Clone, Default)]
pub(super) struct Turn {
    /// The number of swaps asked for.
    attempts: u32,
    /// The decision that the swap in flight writes.
    swapping: Option<Applied>,
    unclear: bool,
}

/// What to do on a leg.
#[derive(Debug)]
pub(super) struct Task<'a> {
    pub(super) leg: usize,
    pub(super) operation: &'a Operation,
    pub(super) now: Timestamp,
    /// It is too late to write; only writes with an unknown outcome are still checked.
    pub(super) late: bool,
}

/// What comes next on a leg.
#[derive(Debug)]
pub(super) enum Turned {
    Step(Step),
    /// It is decided and written. The healed record of a denial is left in it.
    Done(Applied),
    Busy,
    Late,
    /// The store failed.
    Failed,
}

impl Turn {
    /// Whether a swap with an unknown outcome may have written something.
    pub(super) const fn is_unclear(&self) -> bool {
        self.unclear
    }

    /// The next step of this key: load, decide and swap. After a swap that was not done it waits and
    /// loads again: after the last attempt too, since that may have been written.
    pub(super) fn next<D: Decide>(
        &mut self,
        task: &Task<'_>,
        inbox: &mut Inbox,
        decide: &D,
    ) -> Result<Turned, D::Error> {
        if let Some(applied) = self.swapping.take() {
            return Ok(self.swapped(applied, inbox.take_swap(), task.operation));
        }
        if inbox.take_failure() {
            return Ok(Turned::Failed);
        }
        let Some(seen) = inbox.take_record(task.leg) else {
            return Ok(Turned::Step(Step::Load { leg: task.leg }));
        };
        let mut applied = decide.apply(task.leg, seen.as_deref(), task.operation, task.now)?;
        if !applied.is_allowed() {
            return Ok(Turned::Done(applied));
        }
        let is_last = self.attempts >= attempts_max(task.operation);
        if !applied.effect.writes() {
            // What was done before is known at any time; a healed record is written while there is some.
            applied.record = applied.record.filter(|_| !task.late && !is_last);
        } else if task.late {
            return Ok(Turned::Late);
        } else if is_last {
            return Ok(Turned::Busy);
        }
        let Some(record) = applied.record.take() else { return Ok(Turned::Done(applied)) };
        self.attempts = self.attempts.saturating_add(1);
        self.swapping = Some(applied);
        Ok(Turned::Step(Step::Swap { leg: task.leg, record }))
    }

    fn swapped(&mut self, applied: Applied, swap: Swap, operation: &Operation) -> Turned {
        match swap {
            Swap::Done => return Turned::Done(applied),
            Swap::Conflict => {}
            Swap::Unknown => self.unclear = true,
        }
        // A possible write is checked for after any number of attempts, even after a conflict: the
        // write that came first may be our own.
        if self.unclear && !is_idempotent(operation) {
            return Turned::Failed;
        }
        if self.attempts >= attempts_max(operation) && !self.unclear {
            return Turned::Busy;
        }
        Turned::Step(Step::Wait { attempt: self.attempts })
    }
}

/// Whether doing it a second time does nothing.
fn is_idempotent(operation: &Operation) -> bool {
    match operation {
        Operation::Acquire(asked) => asked.once.is_some() || asked.hold.is_some(),
        _ => true,
    }
}

const fn attempts_max(operation: &Operation) -> u32 {
    match operation {
        Operation::Acquire(_) => ATTEMPTS_MAX,
        _ => SETTLE_ATTEMPTS_MAX,
    }
}
