//! Who changed a capacity, and why, for those who share it.

use alloc::boxed::Box;

use crate::time::Timestamp;

/// A change of capacity, as reported to those who share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// What the capacity was set or reduced to, in units per window.
    pub capacity: u64,
    /// Who changed it, and why.
    pub note: Note,
}

/// Who changes a capacity, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    source: Box<str>,
    reason: Box<str>,
}

/// Longest source of a change in bytes.
pub const SOURCE_BYTES_MAX: usize = 64;
/// Longest reason of a change in bytes.
pub const REASON_BYTES_MAX: usize = 256;

impl Note {
    /// Who (at most [`SOURCE_BYTES_MAX`] bytes), and why (at most [`REASON_BYTES_MAX`]); `None` if one of
    /// them is longer.
    #[must_use]
    pub fn new(source: &str, reason: &str) -> Option<Self> {
        let fits = source.len() <= SOURCE_BYTES_MAX && reason.len() <= REASON_BYTES_MAX;
        fits.then(|| Self { source: source.into(), reason: reason.into() })
    }

    /// Who changed it.
    #[must_use]
    pub const fn source(&self) -> &str {
        &self.source
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> &str {
        &self.reason
    }
}
