//! The machine that asks several keys, all or nothing. See the module above for the protocol.

use alloc::vec::Vec;

use crate::acquisition::decide::Decide;
use crate::acquisition::keys::{self, AcquisitionError};
use crate::acquisition::outcome::Ending;
use crate::acquisition::request::Request;
use crate::acquisition::stages::{Stage, Take};
use crate::acquisition::step::{Step, Swap};
use crate::acquisition::table::Table;
use crate::acquisition::{COMMIT_TTL_DEFAULT, Machine};
use crate::apply::operation::Hold;
use crate::id::Id;
use crate::policy::costs::Costs;
use crate::policy::share::Share;
use crate::time::{Span, Timestamp};

/// Asks 1 to [`ACQUISITION_KEYS_MAX`](crate::ACQUISITION_KEYS_MAX) keys for costs, all or nothing.
pub struct Acquisition<D: Decide> {
    pub(super) table: Table<D, D::Error>,
    pub(super) request: Request,
    /// All legs, in the order of their keys.
    pub(super) sorted: Vec<usize>,
    /// Those that are asked for something, in the same order.
    pub(super) taken: Vec<usize>,
    pub(super) stage: Stage,
}

impl<D: Decide> Acquisition<D> {
    /// Asks each key for its costs under a unique id, drawn at random for this acquisition. `decide` and
    /// the steps name keys by their positions in `legs`.
    ///
    /// Asking again under the id of an acquisition that was admitted does nothing and is admitted,
    /// for as long as the last of the keys, in the order of their bytes, remembers it. A lease that is over
    /// by then is not given again ([`Ending::Lost`]).
    ///
    /// # Errors
    /// [`AcquisitionError`]: no key, too many, or one that is empty or comes twice.
    pub fn new(decide: D, id: Id, legs: &[(&str, Costs)]) -> Result<Self, AcquisitionError> {
        let sorted = keys::sorted(legs.iter().map(|(key, _)| *key))?;
        let commit = Hold::new(id, COMMIT_TTL_DEFAULT).ok_or(AcquisitionError::CommitTtl)?;
        let costs = legs.iter().map(|(_, costs)| *costs).collect();
        let request = Request { id, costs, share: Share::HIGH, lease: None, commit, once: false };
        let (table, taken) = (Table::new(decide, legs.len()), Vec::new());
        Ok(Self { table, request, sorted, taken, stage: Stage::Judge }.planned())
    }

    /// Finds out which legs are taken, and how it begins.
    fn planned(mut self) -> Self {
        let is_taken = |leg: &usize| !self.request.is_peek(*leg);
        self.taken = self.sorted.iter().copied().filter(is_taken).collect();
        self.request.once |= self.taken.len() > 1;
        // A single key is judged when it is taken.
        let is_single = (self.sorted.len(), self.taken.len()) == (1, 1);
        self.stage = if is_single { Stage::Take(Take::default()) } else { Stage::Judge };
        self
    }

    /// Limits the acquisition to this share of each capacity.
    #[must_use]
    pub const fn with_share(mut self, share: Share) -> Self {
        self.request.share = share;
        self
    }

    /// Holds the costs under the id for `ttl` instead of charging them: a lease, which
    /// [`LeaseUpdate`](crate::LeaseUpdate) settles, releases or renews on all keys, those with no cost included.
    ///
    /// # Errors
    /// [`AcquisitionError::LeaseTtl`] when `ttl` is not 1 ns to [`HOLD_TTL_MAX`](crate::HOLD_TTL_MAX).
    pub fn with_lease(mut self, ttl: Span) -> Result<Self, AcquisitionError> {
        self.request.lease =
            Some(Hold::new(self.request.id, ttl).ok_or(AcquisitionError::LeaseTtl)?);
        Ok(self.planned())
    }

    /// Sets how long a hold waits for the commit. A longer time tolerates slower stores and more clock
    /// skew; a shorter one frees sooner what a crash leaves behind.
    ///
    /// # Errors
    /// [`AcquisitionError::CommitTtl`] when `ttl` is not 1 ns to [`HOLD_TTL_MAX`](crate::HOLD_TTL_MAX).
    pub fn with_commit_ttl(mut self, ttl: Span) -> Result<Self, AcquisitionError> {
        self.request.commit = Hold::new(self.request.id, ttl).ok_or(AcquisitionError::CommitTtl)?;
        Ok(self)
    }

    /// Remembers the id with a single key too, where it is needed only for retries and for swaps with
    /// an unknown outcome. Without it the latter is [`Ending::Failed`].
    #[must_use]
    pub const fn once(mut self) -> Self {
        self.request.once = true;
        self
    }
}

impl<D: Decide> Machine for Acquisition<D> {
    type Error = D::Error;

    fn next(&mut self, now: Timestamp) -> Result<Step, D::Error> {
        loop {
            // A stage that sets no next stage is the last one.
            let step = match core::mem::replace(&mut self.stage, Stage::Over(Ending::Failed)) {
                Stage::Judge => self.judge(now),
                Stage::Take(take) => self.take(take, now),
                Stage::Sweep(sweep, ending) => self.sweep(sweep, ending, now),
                Stage::Over(ending) => {
                    self.stage = Stage::Over(ending);
                    return self.table.end(ending);
                }
            };
            if let Some(step) = step {
                return Ok(step);
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

impl<D: Decide<Error: Clone> + Clone> Clone for Acquisition<D> {
    fn clone(&self) -> Self {
        Self {
            table: self.table.clone(),
            request: self.request.clone(),
            sorted: self.sorted.clone(),
            taken: self.taken.clone(),
            stage: self.stage.clone(),
        }
    }
}
