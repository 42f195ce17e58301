//! What carries announcements between the members of a swarm.

use std::future::Future;

/// A bus that carries messages from each member of a swarm to all others. It may lose, repeat and
/// reorder them, and echo members their own: a lost message is announced again, and a known one
/// changes nothing.
///
/// Messages have at most [`ANNOUNCEMENT_BYTES_MAX`](crate::ANNOUNCEMENT_BYTES_MAX) bytes. Whatever
/// queues them is bounded, and drops what does not fit.
pub trait CapacityBus {
    /// Hands over a message for sending, and never waits, neither for room nor for a connection.
    ///
    /// # Errors
    /// [`BusError`] when it was not taken.
    fn announce(&self, message: &[u8]) -> Result<(), BusError>;

    /// Waits for the next message from any member. One task at a time calls it. Cancel-safe: no message
    /// is lost.
    ///
    /// # Errors
    /// [`BusError::Down`] when none can arrive at present.
    fn next(&self) -> impl Future<Output = Result<Vec<u8>, BusError>>;
}

/// Why a bus does not carry a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// There is no connection.
    #[error("bus: there is no connection")]
    Down,
    /// What is to be sent comes faster than it goes out.
    #[error("bus: its queue is full")]
    Full,
}
