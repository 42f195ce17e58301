//! What a member of a swarm hears, and repeats.

use std::convert::Infallible;
use std::pin::{Pin, pin};

use futures::future::{Either, select};
use tollgate_core::{CorruptBytes, Span};
use tollgate_store::Clock;

use super::announcement::Announcement;
use super::{AdaptiveLimiter, BusError, CapacityBus};
use crate::id::random;

/// Shortest pause before a member repeats the reductions in force.
const REPEAT_AFTER_MIN: Span = Span::from_secs(1);
/// At most this much longer, at random: members wait for different times, so that two rarely repeat the same.
const REPEAT_JITTER: Span = Span::from_secs(2);

/// The state of a member's connection to its bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BusHealth {
    /// Why the last call to the bus failed, if it did.
    pub error: Option<BusError>,
    /// Announcements that the bus took.
    pub announced: u64,
    /// Announcements that it did not take.
    pub unannounced: u64,
    /// Announcements received.
    pub heard: u64,
    /// Messages received that are not announcements.
    pub refused: u64,
}

impl BusHealth {
    pub(super) fn announced(&mut self, announced: Result<(), BusError>) {
        self.error = announced.err();
        match announced {
            Ok(()) => self.announced += 1,
            Err(_) => self.unannounced += 1,
        }
    }
}

impl<B: CapacityBus, C: Clock> AdaptiveLimiter<B, C> {
    /// Hears what others announce, and repeats what is in force, for as long as it is polled: by a task on
    /// any async runtime, or a thread of its own. A member that stops polling leaves the swarm.
    ///
    /// ```no_run
    /// # fn swarm(limiter: tollgate::AdaptiveLimiter<tollgate::LocalBus>) {
    /// let limiter = std::sync::Arc::new(limiter);
    /// let member = std::sync::Arc::clone(&limiter);
    /// std::thread::spawn(move || pollster::block_on(member.run()));
    /// # }
    /// ```
    ///
    /// It waits on the limiter's clock; with one that is set by hand call [`hear`](Self::hear) and
    /// [`repeat`](Self::repeat) instead, since waiting does not advance it.
    pub async fn run(&self) -> Infallible {
        loop {
            let jitter = random() % REPEAT_JITTER.as_nanos();
            let pause = Span::from_nanos(REPEAT_AFTER_MIN.as_nanos() + jitter);
            self.hear_until(pin!(self.clock.sleep(pause))).await;
            self.repeat();
        }
    }

    /// Takes a message from the bus. Returns whether a capacity follows it: not if it is known, no lower
    /// than what is in force, older than what was set, about an unknown resource, or more than
    /// [`SKEW_MAX`](crate::SKEW_MAX) ahead of the clock.
    ///
    /// # Errors
    /// [`CorruptBytes`] when it is not an announcement.
    pub fn hear(&self, message: &[u8]) -> Result<bool, CorruptBytes> {
        let announcement = Announcement::decode(message);
        {
            let mut health = self.health();
            match announcement {
                Ok(_) => health.heard += 1,
                Err(_) => health.refused += 1,
            }
        }
        let Announcement { resource, change } = announcement?;
        let Ok((name, resource)) = self.find(resource) else { return Ok(false) };
        let followed = resource.follow(&change);
        if let Some(capacity) = followed {
            self.tell(name, capacity, &change);
        }
        Ok(followed.is_some())
    }

    /// Announces every reduction in force again that nobody else has announced since the last time.
    pub fn repeat(&self) {
        for (name, resource) in &self.resources {
            if let Some(reduction) = resource.unannounced() {
                // What the bus does not take now is repeated once more.
                let _announced = self.announce(name, &reduction);
            }
        }
    }

    /// How this member gets along with its bus.
    #[must_use]
    pub fn bus_health(&self) -> BusHealth {
        *self.health()
    }

    /// Hears messages until `pause` is over. `pause` is polled first, so that a constant stream of messages
    /// does not prevent repeating.
    async fn hear_until(&self, mut pause: Pin<&mut impl Future<Output = ()>>) {
        loop {
            match select(pause.as_mut(), pin!(self.bus.next())).await {
                Either::Left(_) => return,
                Either::Right((Ok(message), _)) => {
                    self.health().error = None;
                    // What is no announcement was counted.
                    let _heard = self.hear(&message);
                }
                Either::Right((Err(error), _)) => {
                    self.health().error = Some(error);
                    pause.await;
                    return;
                }
            }
        }
    }
}
