//! The answers of a barrier.

use core::fmt;

use super::PARTIES_MAX;
use crate::time::Span;

/// The outcome of creating a barrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Created {
    /// The next generation began.
    Begun {
        /// Its number: the one before it plus 1, and 1 is the first.
        generation: u64,
    },
    /// There is a barrier already; nothing is changed.
    Alive {
        /// The generation that is alive.
        generation: u64,
    },
}

/// The outcome of an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// This party was the last one: the barrier is open. Only this party of a generation gets this answer, and
    /// gets it again if it arrives again.
    Opened,
    /// The party is counted, and the barrier is closed.
    Waiting {
        /// How many parties are still to arrive: at least 1.
        remaining: u16,
    },
    /// The barrier is open; nothing is changed.
    AlreadyOpen,
    /// The barrier expired before all arrived, and will not open any more; nothing is changed.
    Expired,
    /// The present generation is another one; nothing is changed.
    WrongGeneration {
        /// The present generation.
        generation: u64,
    },
    /// There never was a barrier.
    NoBarrier,
}

/// The outcome of leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// The barrier is open, and this party is not, or no longer, among those who may still have to
    /// learn that.
    Left {
        /// How many parties have not left.
        present: u16,
    },
    /// The barrier is closed, and this party is not, or no longer, counted.
    GaveUp {
        /// How many parties are still to arrive: at least 1.
        remaining: u16,
    },
    /// The barrier expired before all arrived; nothing is changed.
    Expired,
    /// The present generation is another one; nothing is changed.
    WrongGeneration {
        /// The present generation.
        generation: u64,
    },
    /// There never was a barrier.
    NoBarrier,
}

/// The state of a barrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// The present generation, 1 or more.
    pub generation: u64,
    /// How many parties have to arrive.
    pub parties: u16,
    /// How many have arrived.
    pub arrived: u16,
    /// How many have arrived and not left.
    pub present: u16,
    /// Whether all have arrived, in time. That stays so until the next generation begins.
    pub is_open: bool,
    /// How long until the next generation may begin: zero when it may. A barrier that is closed then is
    /// expired, and will not open any more.
    pub expires_after: Span,
}

/// Which argument of a new barrier is out of its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateError {
    /// The number of parties is not 1 to [`PARTIES_MAX`].
    Parties(u16),
    /// The time to live is zero or above [`TTL_MAX`](super::TTL_MAX).
    Ttl(Span),
    /// The barrier is in generation 2^64 - 1, after which there is none.
    LastGeneration,
}

impl fmt::Display for CreateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parties(parties) => {
                write!(f, "parties: must be 1 to {PARTIES_MAX}, not {parties}")
            }
            Self::Ttl(Span::ZERO) => write!(f, "ttl: must be longer than nothing"),
            Self::Ttl(_) => write!(f, "ttl: must be at most 366 days"),
            Self::LastGeneration => write!(f, "generation: the barrier has had all 2^64 - 1"),
        }
    }
}

impl core::error::Error for CreateError {}
