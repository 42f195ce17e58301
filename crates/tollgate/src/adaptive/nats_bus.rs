//! A bus over a NATS server.

use async_nats::connection::State;
use async_nats::{Client, Subject, Subscriber};
use futures::lock::Mutex;
use futures::{FutureExt, StreamExt};

use super::bus::{BusError, CapacityBus};

/// Longest subject of a [`NatsBus`] in bytes.
pub const NATS_SUBJECT_BYTES_MAX: usize = 255;

/// A bus between all processes that are connected to a NATS server or cluster, under one subject. It
/// uses core NATS, without JetStream: what is lost is announced again.
///
/// The client reconnects by itself. It queues outgoing messages (its option `client_capacity`, 2,048)
/// and incoming ones (`subscription_capacity`, 65,536); what exceeds that is lost. It must be created on
/// a tokio runtime; decisions, and [`AdaptiveLimiter::run`](crate::AdaptiveLimiter::run), need not be.
///
/// ```no_run
/// # async fn connect() -> Result<(), Box<dyn std::error::Error>> {
/// use tollgate::NatsBus;
/// let client = tollgate::async_nats::connect("nats://127.0.0.1:4222").await?;
/// let bus = NatsBus::new(client, "tollgate.capacity").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct NatsBus {
    client: Client,
    subject: Subject,
    inbox: Mutex<Subscriber>,
}

/// Why there is no bus under a subject.
#[derive(Debug, thiserror::Error)]
pub enum NatsBusError {
    /// It is no subject to send to.
    #[error(
        "subject: must be 1 to {NATS_SUBJECT_BYTES_MAX} bytes of words with dots between them, without * and >"
    )]
    Subject,
    /// The client is closed.
    #[error("subject: {0}")]
    Subscribe(#[from] async_nats::SubscribeError),
}

impl NatsBus {
    /// The bus under `subject`: 1 to [`NATS_SUBJECT_BYTES_MAX`] bytes, words with dots between them.
    ///
    /// # Errors
    /// [`NatsBusError`].
    pub async fn new(client: Client, subject: &str) -> Result<Self, NatsBusError> {
        let is_word = |word: &str| {
            let sane = |char: char| char.is_ascii_graphic() && !matches!(char, '*' | '>');
            !word.is_empty() && word.chars().all(sane)
        };
        if subject.len() > NATS_SUBJECT_BYTES_MAX || !subject.split('.').all(is_word) {
            return Err(NatsBusError::Subject);
        }
        let subject = Subject::from(subject);
        let inbox = client.subscribe(subject.clone()).await?;
        Ok(Self { client, subject, inbox: Mutex::new(inbox) })
    }
}

impl CapacityBus for NatsBus {
    fn announce(&self, message: &[u8]) -> Result<(), BusError> {
        if self.client.connection_state() != State::Connected {
            return Err(BusError::Down);
        }
        // Completes at once when the client's queue has room; otherwise it is given up.
        match self.client.publish(self.subject.clone(), message.to_vec().into()).now_or_never() {
            Some(Ok(())) => Ok(()),
            Some(Err(_)) => Err(BusError::Down),
            None => Err(BusError::Full),
        }
    }

    async fn next(&self) -> Result<Vec<u8>, BusError> {
        let message = self.inbox.lock().await.next().await;
        message.map(|message| message.payload.into()).ok_or(BusError::Down)
    }
}
