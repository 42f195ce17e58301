//! A barrier: parties that wait for each other until all of them have arrived.
//!
//! Somebody [creates](Barrier::create) it for a number of parties, each of them
//! [arrives](Barrier::arrive), and the last one opens it for all. A barrier that is used again and
//! again counts its *generations*; every call names the generation it means, so that a late party
//! never acts on the wrong one.
//!
//! ```
//! use tollgate_core::barrier::{Arrival, Barrier, Created};
//! use tollgate_core::{Id, Span, Timestamp};
//!
//! let now = Timestamp::from_secs(1_800_000_000);
//! let mut barrier = Barrier::new();
//! assert_eq!(barrier.create(2, Span::from_secs(60), now)?, Created::Begun { generation: 1 });
//!
//! let (alice, bob) = (Id::from_u128(0xa), Id::from_u128(0xb));
//! assert_eq!(barrier.arrive(alice, 1, now), Arrival::Waiting { remaining: 1 });
//! assert_eq!(barrier.arrive(alice, 1, now), Arrival::Waiting { remaining: 1 }, "she counts once");
//! assert_eq!(barrier.arrive(bob, 1, now), Arrival::Opened);
//! assert!(barrier.query(now).unwrap().is_open);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # Sharing and waiting
//! A barrier is one record, under a key of the caller's own, in a store with compare-and-swap: load the
//! bytes (an absent key is [`Barrier::new`]), [`decode`](Barrier::decode), act,
//! [`encode`](Barrier::encode), and swap if the bytes changed. When the swap conflicts, or fails
//! without saying whether it wrote, do all of it again: arriving and leaving are idempotent, and get
//! the same answer.
//!
//! Waiting is up to the caller: arrive once, then load and [`query`](Barrier::query) from time to time,
//! more often than the barrier's time to live, which starts anew when it opens; then
//! [`leave`](Barrier::leave). When all have left, or the barrier has expired, the next generation may
//! be created.
//!
//! # Clocks
//! A barrier that would expire later than its time to live plus [`SKEW_MAX`] from `now` comes from a
//! broken clock, and counts as expired: otherwise nobody could create the next one until that time.

mod answer;
mod codec;

use alloc::vec::Vec;

use crate::SKEW_MAX;
use crate::id::Id;
use crate::shift;
use crate::time::{Span, Timestamp};

pub use answer::{Arrival, CreateError, Created, Departure, Status};
pub use codec::RECORD_BYTES_MAX;

/// Most parties of a barrier: with the ids of all of them its record stays below 64 KiB, which stores
/// accept as one value.
pub const PARTIES_MAX: u16 = 4_000;
/// Longest time to live: 366 days.
pub const TTL_MAX: Span = Span::LONGEST_YEAR;
/// The default time to live: 15 minutes.
pub const TTL_DEFAULT: Span = Span::from_secs(15 * 60);

/// The state of a barrier: its current generation, or that there was none yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Barrier {
    /// 0 before the first one; all else is empty then.
    generation: u64,
    parties: u16,
    ttl: Span,
    expires_at: Timestamp,
    /// Who arrived last; `None` while it is closed.
    opened_by: Option<Id>,
    /// Who arrived and has not left, ascending.
    present: Vec<Id>,
}

impl Barrier {
    /// A barrier that was never created.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            generation: 0,
            parties: 0,
            ttl: Span::ZERO,
            expires_at: Timestamp::EPOCH,
            opened_by: None,
            present: Vec::new(),
        }
    }

    /// Begins the next generation, for 1 to [`PARTIES_MAX`] parties, unless the current one is alive:
    /// it is until it expires, or is open and all have left.
    ///
    /// It expires after `ttl`, above zero and at most [`TTL_MAX`]. A creator whose swap failed
    /// without saying whether it wrote tries again, and may find its own generation alive.
    ///
    /// # Errors
    /// [`CreateError`] says which argument is out of its range; nothing is changed then.
    pub fn create(
        &mut self,
        parties: u16,
        ttl: Span,
        now: Timestamp,
    ) -> Result<Created, CreateError> {
        if parties == 0 || parties > PARTIES_MAX {
            return Err(CreateError::Parties(parties));
        }
        if ttl == Span::ZERO || ttl > TTL_MAX {
            return Err(CreateError::Ttl(ttl));
        }
        if self.is_alive(now) {
            return Ok(Created::Alive { generation: self.generation });
        }
        let generation = self.generation.checked_add(1).ok_or(CreateError::LastGeneration)?;
        *self = Self { generation, parties, ttl, expires_at: now.plus(ttl), ..Self::new() };
        Ok(Created::Begun { generation })
    }

    /// The party with the id `party` arrives at the barrier of this generation.
    ///
    /// The last party opens it. A party that arrives again gets the same answer, or learns that the
    /// barrier opened meanwhile.
    #[must_use]
    pub fn arrive(&mut self, party: Id, generation: u64, now: Timestamp) -> Arrival {
        match self.generation {
            0 => return Arrival::NoBarrier,
            present if present != generation => {
                return Arrival::WrongGeneration { generation: present };
            }
            _ => {}
        }
        match self.opened_by {
            Some(last) if last == party => return Arrival::Opened,
            Some(_) => return Arrival::AlreadyOpen,
            None if self.is_expired(now) => return Arrival::Expired,
            None => {}
        }
        if let Err(position) = self.present.binary_search(&party) {
            shift::insert(&mut self.present, position, party);
        }
        match self.remaining() {
            0 => {
                self.opened_by = Some(party);
                self.expires_at = now.plus(self.ttl);
                Arrival::Opened
            }
            remaining => Arrival::Waiting { remaining },
        }
    }

    /// The party with the id `party` proceeds, if the barrier is open, or else gives up waiting: its
    /// arrival is taken back, so that the others don't proceed with one missing.
    #[must_use]
    pub fn leave(&mut self, party: Id, generation: u64, now: Timestamp) -> Departure {
        match self.generation {
            0 => return Departure::NoBarrier,
            present if present != generation => {
                return Departure::WrongGeneration { generation: present };
            }
            _ => {}
        }
        let is_open = self.opened_by.is_some();
        if !is_open && self.is_expired(now) {
            return Departure::Expired;
        }
        if let Ok(position) = self.present.binary_search(&party) {
            shift::remove(&mut self.present, position);
        }
        if is_open {
            Departure::Left { present: self.present_count() }
        } else {
            Departure::GaveUp { remaining: self.remaining() }
        }
    }

    /// Whether this party has arrived in the present generation and has not left.
    #[must_use]
    pub fn is_present(&self, party: Id) -> bool {
        self.present.binary_search(&party).is_ok()
    }

    /// The state of the barrier; `None` if it was never created.
    #[must_use]
    pub fn query(&self, now: Timestamp) -> Option<Status> {
        let is_open = self.opened_by.is_some();
        let alive_for = if self.is_alive(now) { self.expires_at.since(now) } else { Span::ZERO };
        (self.generation > 0).then(|| Status {
            generation: self.generation,
            parties: self.parties,
            arrived: if is_open { self.parties } else { self.present_count() },
            present: self.present_count(),
            is_open,
            expires_after: alive_for,
        })
    }

    fn is_alive(&self, now: Timestamp) -> bool {
        let all_left = self.opened_by.is_some() && self.present.is_empty();
        self.generation > 0 && !all_left && !self.is_expired(now)
    }

    fn is_expired(&self, now: Timestamp) -> bool {
        let believed = self.ttl.as_nanos().saturating_add(SKEW_MAX.as_nanos());
        let left = self.expires_at.since(now);
        left == Span::ZERO || left > Span::from_nanos(believed)
    }

    fn remaining(&self) -> u16 {
        self.parties.saturating_sub(self.present_count())
    }

    /// There are never more than the parties.
    fn present_count(&self) -> u16 {
        u16::try_from(self.present.len()).unwrap_or(self.parties)
    }
}
