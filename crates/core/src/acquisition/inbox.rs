//! The driver's answers that nothing has used yet.

use alloc::vec::Vec;

use crate::acquisition::step::Swap;

/// A record as the store has it; `None` for an absent key.
type Seen = Option<Vec<u8>>;

/// The driver's answers.
#[derive(Debug, Clone)]
pub(super) struct Inbox {
    /// What was loaded and not yet used, by leg.
    seen: Vec<Option<Seen>>,
    swapped: Option<Swap>,
    failed: bool,
}

impl Inbox {
    pub(super) fn new(legs: usize) -> Self {
        Self { seen: (0..legs).map(|_| None).collect(), swapped: None, failed: false }
    }

    pub(super) fn put_record(&mut self, leg: usize, record: Option<&[u8]>) {
        if let Some(slot) = self.seen.get_mut(leg) {
            *slot = Some(record.map(<[u8]>::to_vec));
        }
    }

    pub(super) fn put_swap(&mut self, swap: Swap) {
        self.swapped = Some(swap);
    }

    pub(super) fn put_failure(&mut self) {
        self.failed = true;
    }

    /// What was loaded for this leg, left in place for another use.
    pub(super) fn record(&self, leg: usize) -> Option<Option<&[u8]>> {
        self.seen.get(leg)?.as_ref().map(|seen| seen.as_deref())
    }

    /// Takes what was loaded for this leg: only the next swap is made from it.
    pub(super) fn take_record(&mut self, leg: usize) -> Option<Seen> {
        self.seen.get_mut(leg)?.take()
    }

    /// How the swap ended; unknown when the driver did not answer.
    pub(super) fn take_swap(&mut self) -> Swap {
        self.swapped.take().unwrap_or(Swap::Unknown)
    }

    /// Whether the store failed to load.
    pub(super) fn take_failure(&mut self) -> bool {
        core::mem::take(&mut self.failed)
    }
}
