//! One bucket of a NATS server: reading an entry, and writing on condition of the revision that was read.

use std::error::Error as _;
use std::sync::atomic::{AtomicU64, Ordering};

use async_nats::connection::State;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{DirectGetErrorKind, LastRawMessageErrorKind, Stream};
use async_nats::jetstream::{self, Context, ErrorCode};
use async_nats::{Client, HeaderMap, HeaderValue};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::timeout;
use tollgate_store::Swap;

use super::key;
use super::open::Settings;
use crate::contract::KeyValueError;
use crate::last_seen::LastSeen;

/// The header field that marks a message as something other than a value.
const OPERATION: &str = "KV-Operation";
const DELETED: &str = "DEL";

/// Not the number of any connection.
pub(super) const NEVER: u64 = 0;

pub(super) struct Bucket {
    pub(super) client: Client,
    pub(super) context: Context,
    pub(super) stream: Stream,
    pub(super) settings: Settings,
    /// The prefix of every key's subject.
    pub(super) prefix: String,
    /// The connection, counted from 1, for which the bucket's existence was last checked.
    pub(super) checked: AtomicU64,
    /// How often that was checked.
    pub(super) checks: AtomicU64,
    /// Whether any server that has the stream may answer reads: there is only one.
    pub(super) reads_directly: bool,
    pub(super) last_seen: LastSeen<Revision>,
}

/// The value of a key and its revision.
pub(super) struct Entry {
    pub(super) value: Option<Bytes>,
    revision: Revision,
}

/// What a conditional write has to name.
#[derive(Clone, Copy)]
pub(super) struct Revision {
    /// The sequence number of the message that it replaces, or 0 if there is none.
    number: u64,
    /// The value of [`Bucket::checks`] at the time. A server that lost the bucket starts counting again, so after
    /// the next check the number may be that of another message.
    check: u64,
}

impl Bucket {
    /// Does `work`, with a timeout and only while there is a connection.
    pub(super) async fn run<T>(
        &self,
        work: impl Future<Output = Result<T, KeyValueError>>,
    ) -> Result<T, KeyValueError> {
        // The library would buffer a request sent now, and send it once there is a connection.
        if self.client.connection_state() != State::Connected {
            return Err(self.failure("there is no connection"));
        }
        let limit = self.settings.timeouts.response;
        let outcome = timeout(limit, async {
            self.ensure_there_is_one().await?;
            work.await
        });
        let outcome = outcome
            .await
            .unwrap_or_else(|_| Err(self.failure(format!("no answer within {limit:?}"))));
        if matches!(outcome, Err(KeyValueError::Backend(_))) {
            self.checked.store(NEVER, Ordering::Relaxed);
        }
        outcome
    }

    /// Creates the bucket again if a server lost it with its data. Checked once per connection and after
    /// every failure: servers don't answer requests to a bucket that they don't know.
    async fn ensure_there_is_one(&self) -> Result<(), KeyValueError> {
        let connection = self.client.statistics().connects.load(Ordering::Relaxed);
        if self.checked.load(Ordering::Relaxed) != connection {
            let found = self.settings.bucket(&self.context).await;
            found.map_err(|reason| self.failure(reason))?;
            self.checks.fetch_add(1, Ordering::Relaxed);
            self.checked.store(connection, Ordering::Relaxed);
        }
        Ok(())
    }

    pub(super) fn failure(&self, reason: impl std::fmt::Display) -> KeyValueError {
        KeyValueError::Backend(format!("{}: {reason}", self.settings.shown))
    }

    fn subject(&self, key: &str) -> String {
        key::encode(&self.prefix, key)
    }

    pub(super) async fn entry(&self, key: &str) -> Result<Entry, KeyValueError> {
        let check = self.checks.load(Ordering::Relaxed);
        let message = self.read(self.subject(key), None).await?;
        let (value, number) = message.map_or((None, 0), |message| {
            ((!is_marker(&message.headers)).then_some(message.payload), message.sequence)
        });
        let revision = Revision { number, check };
        self.last_seen.put(key, value.as_deref(), revision);
        Ok(Entry { value, revision })
    }

    /// The entry as it was last seen, while its revision can't be that of another message.
    pub(super) fn recall(&self, key: &str) -> Option<Entry> {
        let (value, revision) = self.last_seen.get(key)?;
        let is_current = revision.check == self.checks.load(Ordering::Relaxed);
        is_current.then(|| Entry { value: value.map(Bytes::from), revision })
    }

    /// The first message of any key from this sequence number on.
    pub(super) async fn first_from(
        &self,
        number: u64,
    ) -> Result<Option<StreamMessage>, KeyValueError> {
        self.read(format!("{}>", self.prefix), Some(number)).await
    }

    /// The last message of a subject, or its first one from `number`.
    async fn read(
        &self,
        subject: String,
        number: Option<u64>,
    ) -> Result<Option<StreamMessage>, KeyValueError> {
        if self.reads_directly {
            let message = match number {
                None => self.stream.direct_get_last_for_subject(subject).await,
                Some(_) => self.stream.direct_get_next_for_subject(subject, number).await,
            };
            return match message {
                Ok(message) => Ok(Some(message)),
                Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
                Err(error) => Err(self.failure(error)),
            };
        }
        // Replicas may be behind; the leader is not.
        let message = match number {
            None => self.stream.get_last_raw_message_by_subject(&subject).await,
            Some(number) => self.stream.get_first_raw_message_by_subject(subject, number).await,
        };
        match message {
            Ok(message) => Ok(Some(message)),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(self.failure(error)),
        }
    }

    /// Writes `value`, whatever was there.
    pub(super) async fn put(&self, key: &str, value: Vec<u8>) -> Result<(), KeyValueError> {
        self.publish(key, HeaderMap::new(), value.into()).await.map(drop)
    }

    /// Writes `value` if the revision is still `seen`.
    pub(super) async fn replace(
        &self,
        key: &str,
        seen: &Entry,
        value: Vec<u8>,
    ) -> Result<Swap, KeyValueError> {
        let value = Bytes::from(value);
        let Some(number) = self.publish(key, expecting(seen), value.clone()).await? else {
            return Ok(Swap::Conflict);
        };
        self.last_seen.put(key, Some(&value), Revision { number, ..seen.revision });
        Ok(Swap::Done)
    }

    /// Removes the revision that was seen, or whatever is there.
    ///
    /// A marker replaces it first, since only writes compare revisions. Then the marker is deleted, or else
    /// every key that ever existed would leave one for good. It is deleted by its number: after a purge of its
    /// subject, NATS 2.9.10 no longer finds all other keys when they are listed.
    pub(super) async fn remove(
        &self,
        key: &str,
        seen: Option<&Entry>,
    ) -> Result<Swap, KeyValueError> {
        let mut headers = seen.map(expecting).unwrap_or_default();
        headers.insert(OPERATION, DELETED);
        let Some(marker) = self.publish(key, headers, Bytes::new()).await? else {
            return Ok(Swap::Conflict);
        };
        self.forget(marker).await;
        Ok(Swap::Done)
    }

    /// Deletes a message. A later write has replaced it already; a bucket that others made may forbid the
    /// deletion, and keep it. The library's own request would also overwrite its bytes, which is slow.
    async fn forget(&self, number: u64) {
        let subject = format!("STREAM.MSG.DELETE.{}", self.stream.cached_info().config.name);
        let message = json!({ "seq": number, "no_erase": true });
        let answer: Result<Value, _> = self.context.request(subject, &message).await;
        if let Err(error) = answer {
            tracing::debug!(%error, "the marker of a removed key stays");
        }
    }

    /// The revision that was written, or `None` if another write came first.
    async fn publish(
        &self,
        key: &str,
        headers: HeaderMap,
        value: Bytes,
    ) -> Result<Option<u64>, KeyValueError> {
        let sent = self.context.publish_with_headers(self.subject(key), headers, value);
        let outcome = match sent.await {
            Ok(acknowledgement) => acknowledgement.await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(acknowledgement) => Ok(Some(acknowledgement.sequence)),
            Err(error) if is_conflict(&error) => Ok(None),
            Err(error) => Err(self.failure(error)),
        }
    }
}

/// Whether a message marks a removed key and is not a value.
pub(super) fn is_marker(headers: &HeaderMap) -> bool {
    headers.get(OPERATION).is_some()
}

fn expecting(seen: &Entry) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let revision = HeaderValue::from(seen.revision.number);
    headers.insert(async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, revision);
    headers
}

/// Servers report it in two ways, of which the library knows one.
fn is_conflict(error: &PublishError) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref::<jetstream::Error>());
    error.kind() == PublishErrorKind::WrongLastSequence
        || source.is_some_and(|source| {
            source.error_code() == ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT
        })
}
