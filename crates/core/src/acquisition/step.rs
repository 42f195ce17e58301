//! What a machine asks its driver to do.

use alloc::vec::Vec;

use crate::acquisition::outcome::Outcome;

/// What to do next. Legs are named by the position of their key in the caller's list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Step {
    /// Load the record of this key, keep the store's token for it in place of any older one, and
    /// answer `loaded`, or `failed` when the store can't load it.
    Load {
        /// The key.
        leg: usize,
    },
    /// Write this record if the key still has what was last loaded, and answer `swapped`.
    Swap {
        /// The key.
        leg: usize,
        /// Its new record.
        record: Vec<u8>,
    },
    /// The swap conflicted: wait for a random time that grows with `attempt`. There is nothing to
    /// answer.
    Wait {
        /// How many swaps of this key failed in a row: 1 to
        /// [`SETTLE_ATTEMPTS_MAX`](crate::SETTLE_ATTEMPTS_MAX).
        attempt: u32,
    },
    /// There is nothing more to do.
    Done(Outcome),
}

/// How a swap ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swap {
    /// The record was written.
    Done,
    /// Somebody else wrote first; nothing was changed.
    Conflict,
    /// The store failed, and the record may or may not have been written.
    Unknown,
}
