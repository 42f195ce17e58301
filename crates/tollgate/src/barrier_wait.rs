//! Parties of this process that wait for each other.

use std::sync::{Mutex, MutexGuard, PoisonError};

use event_listener::Event;
use tollgate_core::barrier::{self, Arrival, CreateError, Created, Departure, TTL_MAX};
use tollgate_core::{Id, Span, Timestamp};
use tollgate_store::Clock;

use crate::SystemClock;
use crate::id::next_id;
use crate::patience::Patience;

/// A barrier of this process never expires, since whoever goes takes its arrival back: its time stands still,
/// and a clock that is set does not part those who wait for each other.
const ALWAYS: Timestamp = Timestamp::EPOCH;

/// A barrier for a fixed number of parties: each waits until all have arrived, then all proceed. It is
/// reusable.
///
/// ```
/// use tollgate::{Barrier, Span};
/// let (barrier, second) = (Barrier::new(2)?, Span::from_secs(1));
/// let last = std::thread::scope(|scope| {
///     let wait = || barrier.wait_blocking(second).unwrap();
///     let (one, other) = (scope.spawn(wait), scope.spawn(wait));
///     [one.join().unwrap(), other.join().unwrap()]
/// });
/// assert_eq!(last.into_iter().filter(|is_last| *is_last).count(), 1); // one of them was last
/// assert!(barrier.wait_blocking(Span::from_millis(1)).is_err()); // alone
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Barrier<C = SystemClock> {
    parties: u16,
    clock: C,
    barrier: Mutex<barrier::Barrier>,
    /// Told when it opens, and when the last one left.
    changed: Event,
}

/// The others did not come in time. The arrival was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("timeout: not all parties arrived in time")]
pub struct BarrierTimedOut;

/// An arrival, taken back when it is dropped; or a departure, when the barrier has opened.
struct Present<'a, C: Clock> {
    barrier: &'a Barrier<C>,
    id: Id,
    generation: u64,
}

impl Barrier {
    /// A barrier for 1 to [`PARTIES_MAX`](crate::barrier::PARTIES_MAX) parties.
    ///
    /// # Errors
    /// [`CreateError`] when there are none, or too many.
    pub fn new(parties: u16) -> Result<Self, CreateError> {
        Self::with_clock(parties, SystemClock::default())
    }
}

impl<C: Clock> Barrier<C> {
    /// A barrier with a clock of its own.
    ///
    /// # Errors
    /// As [`new`](Barrier::new).
    pub fn with_clock(parties: u16, clock: C) -> Result<Self, CreateError> {
        let mut barrier = barrier::Barrier::new();
        let _generation = barrier.create(parties, TTL_MAX, ALWAYS)?;
        Ok(Self { parties, clock, barrier: Mutex::new(barrier), changed: Event::new() })
    }

    /// Arrives, and waits until all have, for at most `timeout`. Returns whether this was the last one.
    ///
    /// # Errors
    /// [`BarrierTimedOut`]. A party that stops waiting has not arrived.
    pub async fn wait(&self, timeout: Span) -> Result<bool, BarrierTimedOut> {
        let (id, mut patience) = (next_id(), Patience::new(&self.clock, timeout));
        let mut present: Option<Present<'_, C>> = None;
        loop {
            let changed = self.changed.listen();
            match &present {
                Some(arrived) if self.is_open(arrived.generation) => return Ok(false),
                Some(_) => {}
                None => match self.arrive(id) {
                    Some((_, Arrival::Opened)) => return Ok(true),
                    Some((arrived, _)) => present = Some(arrived),
                    // The last generation has not left yet.
                    None => {}
                },
            }
            if patience.left() == Span::ZERO {
                // The barrier may have opened while this party gave up: then it proceeds with the others.
                let has_left = present.as_ref().is_some_and(Present::leave);
                return if has_left { Ok(false) } else { Err(BarrierTimedOut) };
            }
            patience.wait(changed, Span::NEVER).await;
        }
    }

    /// The same, blocking this thread.
    ///
    /// # Errors
    /// [`BarrierTimedOut`].
    pub fn wait_blocking(&self, timeout: Span) -> Result<bool, BarrierTimedOut> {
        pollster::block_on(self.wait(timeout))
    }

    /// Arrives at the generation that is waiting, or begins one. `None` while parties of the last one
    /// have yet to leave.
    fn arrive(&self, id: Id) -> Option<(Present<'_, C>, Arrival)> {
        let mut barrier = self.lock();
        let generation = match barrier.create(self.parties, TTL_MAX, ALWAYS).ok()? {
            Created::Begun { generation } | Created::Alive { generation } => generation,
        };
        let arrival = barrier.arrive(id, generation, ALWAYS);
        if !matches!(arrival, Arrival::Opened | Arrival::Waiting { .. }) {
            return None;
        }
        drop(barrier);
        if arrival == Arrival::Opened {
            self.changed.notify(usize::MAX);
        }
        Some((Present { barrier: self, id, generation }, arrival))
    }

    /// Whoever waits in a generation is in its way until it goes: there is none after it.
    fn is_open(&self, generation: u64) -> bool {
        let status = self.lock().query(ALWAYS);
        status.is_some_and(|status| status.generation == generation && status.is_open)
    }

    /// Nothing panics while it is locked.
    fn lock(&self) -> MutexGuard<'_, barrier::Barrier> {
        self.barrier.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Clock> Present<'_, C> {
    /// Proceeds if the barrier is open, or else takes the arrival back; returns which. Idempotent.
    fn leave(&self) -> bool {
        let departure = self.barrier.lock().leave(self.id, self.generation, ALWAYS);
        self.barrier.changed.notify(usize::MAX);
        matches!(departure, Departure::Left { .. })
    }
}

impl<C: Clock> Drop for Present<'_, C> {
    fn drop(&mut self) {
        self.leave();
    }
}
