//! Settling, releasing or renewing a lease on all its keys.

use alloc::vec::Vec;

use crate::acquisition::Machine;
use crate::acquisition::decide::Decide;
use crate::acquisition::keys::{self, AcquisitionError};
use crate::acquisition::outcome::Ending;
use crate::acquisition::step::{Step, Swap};
use crate::acquisition::sweep::Sweep;
use crate::acquisition::table::{Swept, Table};
use crate::acquisition::turn::Turned;
use crate::apply::operation::{Hold, Operation};
use crate::id::Id;
use crate::policy::costs::Costs;
use crate::time::{Span, Timestamp};

/// Settles, releases or renews a lease on the keys that it was taken on.
///
/// There is nothing to commit: each key is updated whatever happens on the others, and updates are
/// idempotent, so an interrupted one is run again. It ends as
/// [`Ending::Allowed`] when every key was reached, with what was done there in each leg's `effect`:
/// [`Effect::NoHold`](crate::Effect::NoHold) where the lease is over. [`Ending::Denied`] says that a
/// limit refuses to be overrun, and that the lease still stands on that key, [`Ending::Busy`] and
/// [`Ending::Failed`] that a key was not reached.
pub struct LeaseUpdate<D: Decide> {
    table: Table<D, D::Error>,
    sweep: Sweep,
    ending: Ending,
}

impl<D: Decide> LeaseUpdate<D> {
    /// Ends the lease and charges its final costs on each key; without costs, what was held.
    ///
    /// # Errors
    /// [`AcquisitionError`]: no key, too many, or one that is empty or comes twice.
    pub fn settle(
        decide: D,
        lease: Id,
        legs: &[(&str, Option<Costs>)],
    ) -> Result<Self, AcquisitionError> {
        let settle = |costs| Operation::Settle { hold: lease, costs };
        Self::new(decide, legs.iter().map(|(key, costs)| (*key, settle(*costs))).collect())
    }

    /// Ends the lease and charges nothing.
    ///
    /// # Errors
    /// [`AcquisitionError`]: no key, too many, or one that is empty or comes twice.
    pub fn release(decide: D, lease: Id, keys: &[&str]) -> Result<Self, AcquisitionError> {
        let release = Operation::Release { hold: lease };
        Self::new(decide, keys.iter().map(|key| (*key, release.clone())).collect())
    }

    /// Sets the lease's time to live to that of `lease`, counted from now.
    ///
    /// # Errors
    /// [`AcquisitionError`]: no key, too many, or one that is empty or comes twice.
    pub fn renew(decide: D, lease: Hold, keys: &[&str]) -> Result<Self, AcquisitionError> {
        let renew = Operation::Renew { hold: lease };
        Self::new(decide, keys.iter().map(|key| (*key, renew.clone())).collect())
    }

    fn new(decide: D, legs: Vec<(&str, Operation)>) -> Result<Self, AcquisitionError> {
        keys::sorted(legs.iter().map(|(key, _)| *key))?;
        let table = Table::new(decide, legs.len());
        let todo = legs.into_iter().map(|(_, operation)| operation).enumerate().collect();
        Ok(Self { table, sweep: Sweep::new(todo), ending: Ending::Allowed })
    }

    /// Remembers the first thing that went wrong.
    fn note(&mut self, ending: Ending) {
        if self.ending == Ending::Allowed {
            self.ending = ending;
        }
    }
}

impl<D: Decide> Machine for LeaseUpdate<D> {
    type Error = D::Error;

    fn next(&mut self, now: Timestamp) -> Result<Step, D::Error> {
        loop {
            match self.table.sweep(&mut self.sweep, now) {
                Swept::Step(step) => return Ok(step),
                Swept::Leg(leg, Turned::Done(applied)) => {
                    if !applied.is_allowed() {
                        self.note(Ending::Denied);
                    }
                    self.table.put(leg, applied);
                }
                Swept::Leg(_, Turned::Failed) => self.note(Ending::Failed),
                Swept::Leg(..) => self.note(Ending::Busy),
                Swept::Over => return self.table.end(self.ending),
            }
        }
    }

    fn loaded(&mut self, leg: usize, record: Option<&[u8]>) {
        self.table.inbox.put_record(leg, record);
    }

    fn swapped(&mut self, swap: Swap) {
        self.table.inbox.put_swap(swap);
    }

    fn failed(&mut self) {
        self.table.inbox.put_failure();
    }

    fn forget_after(&self, leg: usize, record: &[u8], now: Timestamp) -> Span {
        self.table.decide.forget_after(leg, record, now)
    }
}
