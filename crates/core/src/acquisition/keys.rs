//! The keys of an acquisition: few, distinct, and taken in one order by everybody.

use alloc::vec::Vec;
use core::fmt;

/// Most keys of one acquisition: a user, a team, an organisation, a model, a route, and some to spare.
/// Each costs two loads and two swaps.
pub const ACQUISITION_KEYS_MAX: usize = 8;

/// The positions of `keys` in the order of their bytes. All acquisitions take keys in this order, so of
/// two that want the same keys, the one that takes the first key first is ahead on all of them.
pub(super) fn sorted<'k>(
    keys: impl IntoIterator<Item = &'k str>,
) -> Result<Vec<usize>, AcquisitionError> {
    // One more than allowed shows that there are too many; the rest is never read.
    let most = ACQUISITION_KEYS_MAX.saturating_add(1);
    let mut keys: Vec<(&str, usize)> = keys.into_iter().take(most).zip(0..).collect();
    if keys.is_empty() || keys.len() > ACQUISITION_KEYS_MAX {
        return Err(AcquisitionError::Count);
    }
    if let Some((_, leg)) = keys.iter().find(|(key, _)| key.is_empty()) {
        return Err(AcquisitionError::EmptyKey { leg: *leg });
    }
    keys.sort_unstable();
    for ((key, first), (other, leg)) in keys.iter().zip(keys.iter().skip(1)) {
        if key == other {
            return Err(AcquisitionError::RepeatedKey { leg: *leg, first: *first });
        }
    }
    Ok(keys.into_iter().map(|(_, leg)| leg).collect())
}

/// What is wrong with the arguments of an acquisition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcquisitionError {
    /// There is no key, or there are more than [`ACQUISITION_KEYS_MAX`].
    Count,
    /// The key at this position is empty.
    EmptyKey {
        /// Its position, from 0.
        leg: usize,
    },
    /// A key comes twice.
    RepeatedKey {
        /// Where it comes again, from 0.
        leg: usize,
        /// Where it comes first.
        first: usize,
    },
    /// The lease's time to live is not 1 ns to [`HOLD_TTL_MAX`](crate::HOLD_TTL_MAX).
    LeaseTtl,
    /// The commit's time to live is not 1 ns to [`HOLD_TTL_MAX`](crate::HOLD_TTL_MAX).
    CommitTtl,
}

impl fmt::Display for AcquisitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count => write!(f, "keys: must be 1 to {ACQUISITION_KEYS_MAX}"),
            Self::EmptyKey { leg } => write!(f, "keys[{leg}]: must not be empty"),
            Self::RepeatedKey { leg, first } => write!(f, "keys[{leg}]: is keys[{first}] again"),
            Self::LeaseTtl => write!(f, "lease_ttl: must be longer than nothing, at most 31 days"),
            Self::CommitTtl => {
                write!(f, "commit_ttl: must be longer than nothing, at most 31 days")
            }
        }
    }
}

impl core::error::Error for AcquisitionError {}
