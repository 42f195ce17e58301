//! One bucket of a NATS server: reading an entry, and writing over the revision that was seen.

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

/// What a message does that is no value.
const OPERATION: &str = "KV-Operation";
const DELETED: &str = "DEL";

/// The number of no connection.
pub(super) const NEVER: u64 = 0;

pub(super) struct Bucket {
    pub(super) client: Client,
    pub(super) context: Context,
    pub(super) stream: Stream,
    pub(super) settings: Settings,
    /// What the subject of every key starts with.
    pub(super) prefix: String,
    /// For which connection, counted from 1, it was made sure that there is a bucket.
    pub(super) checked: AtomicU64,
    /// How often it was made sure.
    pub(super) checks: AtomicU64,
    /// Whether whichever server has the stream may be asked: there is but one.
    pub(super) reads_directly: bool,
    pub(super) last_seen: LastSeen<Revision>,
}

/// What is under a key.
pub(super) struct Entry {
    pub(super) value: Option<Bytes>,
    revision: Revision,
}

/// What a write has to name.
#[derive(Clone, Copy)]
pub(super) struct Revision {
    /// The message that it replaces, or 0 where there is none.
    number: u64,
    /// The last time that it was made sure that there is a bucket. A server that lost the bucket counts anew, so
    /// beyond the next time the number may be that of another message.
    check: u64,
}

impl Bucket {
    /// Does `work`, unless there is no connection or it takes too long.
    pub(super) async fn run<T>(
        &self,
        work: impl Future<Output = Result<T, KeyValueError>>,
    ) -> Result<T, KeyValueError> {
        // The library would keep what is sent now, and send it once there is a connection.
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

    /// Makes the bucket again where a server lost it with its data. Asked once per connection and after
    /// every failure: servers leave requests to a bucket that they don't know unanswered.
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

    /// The entry as it was last seen, as long as its revision can't be that of another one.
    pub(super) fn recall(&self, key: &str) -> Option<Entry> {
        let (value, revision) = self.last_seen.get(key)?;
        let is_current = revision.check == self.checks.load(Ordering::Relaxed);
        is_current.then(|| Entry { value: value.map(Bytes::from), revision })
    }

    /// The first message of any key that has this number or a higher one.
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

    /// Writes `value` over what was seen.
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

    /// Removes what was seen, or whatever there is.
    ///
    /// A marker replaces it first, since only writing compares revisions. Then the marker goes, or else
    /// there would be one for ever for every key that there ever was. It goes by its number: after a purge
    /// of its subject, NATS 2.9.10 no longer finds all other keys when they are listed.
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

    /// Deletes a message. Where somebody has written since, it is gone already; a bucket of others may
    /// forbid it, and keep it. The library's own request would also overwrite its bytes, which takes long.
    async fn forget(&self, number: u64) {
        let subject = format!("STREAM.MSG.DELETE.{}", self.stream.cached_info().config.name);
        let message = json!({ "seq": number, "no_erase": true });
        let answer: Result<Value, _> = self.context.request(subject, &message).await;
        if let Err(error) = answer {
            tracing::debug!(%error, "the marker of a removed key stays");
        }
    }

    /// The revision of what was written, or `None` where somebody wrote first.
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

/// Whether a message marks a removed key, and is no value.
pub(super) fn is_marker(headers: &HeaderMap) -> bool {
    headers.get(OPERATION).is_some()
}

fn expecting(seen: &Entry) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let revision = HeaderValue::from(seen.revision.number);
    headers.insert(async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, revision);
    headers
}

/// Servers say it in two ways, of which the library knows one.
fn is_conflict(error: &PublishError) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref::<jetstream::Error>());
    error.kind() == PublishErrorKind::WrongLastSequence
        || source.is_some_and(|source| {
            source.error_code() == ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT
        })
}
