//! What carries announcements between the members of a swarm.

use std::future::Future;

/// A bus that carries messages from each member of a swarm to all others. It may lose, repeat and
/// reorder them, and give members their own ones back: a message that was lost is announced again, and
/// one that is known changes nothing.
///
/// Messages have at most [`ANNOUNCEMENT_BYTES_MAX`](crate::ANNOUNCEMENT_BYTES_MAX) bytes. Whatever
/// queues them is bounded, and drops what there is no room for.
pub trait CapacityBus {
    /// Hands a message over to be sent, and never waits: not for room, nor for a connection.
    ///
    /// # Errors
    /// [`BusError`] when it was not taken.
    fn announce(&self, message: &[u8]) -> Result<(), BusError>;

    /// Waits for the next message of anybody. One task at a time asks for it; one that stops waiting
    /// has lost none.
    ///
    /// # Errors
    /// [`BusError::Down`] when none can come at present.
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
