//! Values in a key-value bucket of NATS JetStream.
//!
//! A bucket compares revisions, [`KeyValue`] compares values. So an exchange reads the value with its
//! revision, compares the value, and writes on condition of that revision: any write in between has changed it.
//! A value remembered from last time saves that read: if it is the expected one, the exchange tries its revision
//! first, and reads only when that fails.

mod bucket;
mod key;
mod listing;
mod open;

use std::fmt;

use async_trait::async_trait;
use tollgate_store::{Page, Swap};

use self::bucket::Bucket;
use crate::contract::{Increment, KeyValue, KeyValueError, New, check_key, check_value};
use crate::number;
use crate::server::{Address, ConnectError};

/// The bucket, unless the address names another.
pub const NATS_BUCKET: &str = "tollgate";
/// Most replicas that a bucket may have: as many as a NATS server takes.
pub const NATS_REPLICAS_MAX: usize = 5;

/// Values in a bucket of a NATS server, or of a NATS cluster.
///
/// # When writes are safe
/// A write is acknowledged once the server, or with replicas a majority of them, has written it to its file.
/// It survives a crash of the server. The server's `sync_interval` says how often it is forced to disk
/// (every two minutes by default), so a power cut may take what was acknowledged since, unless a majority
/// of replicas kept its power.
///
/// # When the server fails
/// Every operation ends within the response timeout. An interrupted one fails with
/// [`KeyValueError::Backend`]; an interrupted [`set`](KeyValue::set) or [`delete`](KeyValue::delete) may
/// still be done when the server recovers, an exchange or increment only if the value is still the same.
/// The connection is reopened in the background, and the bucket created again if the server has lost it. When
/// replicas lose their leader, they elect another one, which takes up to ten seconds.
///
/// # Limits
/// A value and its header fields (about 100 bytes) must fit the server's `max_payload` (1 MiB by default), or
/// the write fails with [`KeyValueError::Backend`].
pub struct Nats {
    bucket: Bucket,
}

impl Nats {
    /// Connects to `nats://[USER:PASSWORD@]HOST[:PORT][,HOST[:PORT]…]`, or with TLS to `tls://…`; one name
    /// without a password is a token.
    ///
    /// Parameters follow a `?`: the name of the `bucket` (1 to 64 letters, digits, `-` and `_`; default
    /// [`NATS_BUCKET`]), which is made in files if there is none; its `replicas`, 1 to
    /// [`NATS_REPLICAS_MAX`], default 1, and more than one from NATS 2.11 on, since older servers are not
    /// exact with them; `connect_timeout_ms` and `response_timeout_ms`, from 1 to
    /// [`TIMEOUT_MAX`](crate::TIMEOUT_MAX).
    ///
    /// # Errors
    /// [`ConnectError`], which says what to do.
    pub async fn connect(address: &str) -> Result<Self, ConnectError> {
        Self::open(Address::parse(address)?).await
    }

    pub(crate) async fn open(address: Address) -> Result<Self, ConnectError> {
        Ok(Self { bucket: open::open(address).await? })
    }

    async fn exchange_once(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: New,
    ) -> Result<Swap, KeyValueError> {
        if let Some(value) = new.value()
            && let Some(seen) = self.bucket.recall(key)
            && seen.value.as_deref() == expected
            && self.bucket.replace(key, &seen, value.to_vec()).await? == Swap::Done
        {
            return Ok(Swap::Done);
        }
        let seen = self.bucket.entry(key).await?;
        if seen.value.as_deref() != expected {
            return Ok(Swap::Conflict);
        }
        match new {
            New::Value(value) | New::Expiring(value, _) => {
                self.bucket.replace(key, &seen, value).await
            }
            New::Absent if expected.is_none() => Ok(Swap::Done),
            New::Absent => self.bucket.remove(key, Some(&seen)).await,
        }
    }

    /// Tries until no concurrent write interferes; the caller enforces the timeout.
    async fn add(&self, key: &str, delta: i64) -> Result<Increment, KeyValueError> {
        loop {
            let seen = self.bucket.entry(key).await?;
            let Some(sum) = number::add(seen.value.as_deref(), delta) else {
                return Ok(Increment::NotANumber);
            };
            let value = sum.to_le_bytes().to_vec();
            if self.bucket.replace(key, &seen, value).await? == Swap::Done {
                return Ok(Increment::Sum(sum));
            }
        }
    }
}

#[async_trait]
impl KeyValue for Nats {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KeyValueError> {
        check_key(key)?;
        let entry = self.bucket.run(self.bucket.entry(key)).await?;
        Ok(entry.value.map(Vec::from))
    }

    fn recall(&self, key: &str) -> Option<Option<Vec<u8>>> {
        self.bucket.recall(key).map(|seen| seen.value.map(Vec::from))
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), KeyValueError> {
        check_key(key)?;
        check_value(&value)?;
        self.bucket.run(self.bucket.put(key, value)).await
    }

    async fn delete(&self, key: &str) -> Result<(), KeyValueError> {
        check_key(key)?;
        self.bucket.run(self.bucket.remove(key, None)).await.map(|_| ())
    }

    /// Keys that are written while the pages are read are listed again, so a listing ends once it has
    /// caught up with the writers.
    async fn list(&self, cursor: Option<&str>) -> Result<Page, KeyValueError> {
        self.bucket.run(listing::page(&self.bucket, cursor)).await
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<Increment, KeyValueError> {
        check_key(key)?;
        self.bucket.run(self.add(key, delta)).await
    }

    /// A concurrent write of the same value is a conflict too.
    async fn exchange(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: New,
    ) -> Result<Swap, KeyValueError> {
        check_key(key)?;
        new.check()?;
        self.bucket.run(self.exchange_once(key, expected, new)).await
    }

    /// Nothing to do: the server has every acknowledged write.
    async fn flush(&self) -> Result<(), KeyValueError> {
        Ok(())
    }
}

impl fmt::Debug for Nats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nats").field("prefix", &self.bucket.prefix).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::sync::atomic::Ordering;

    use tollgate_test_servers::NatsServer;

    use super::*;

    /// How many messages the library sends during `work`.
    async fn sent<T>(values: &Nats, work: impl Future<Output = T>) -> (u64, T) {
        let statistics = values.bucket.client.statistics();
        let before = statistics.out_messages.load(Ordering::Relaxed);
        let end = work.await;
        (statistics.out_messages.load(Ordering::Relaxed) - before, end)
    }

    #[tokio::test]
    async fn what_was_seen_is_written_over_by_one_request() {
        let server = NatsServer::start();
        let ours = Nats::connect(&server.url()).await.unwrap();
        let theirs = Nats::connect(&server.url()).await.unwrap();
        assert_eq!(ours.get("k").await, Ok(None));
        let swap = |expected: Option<&'static [u8]>, value: &[u8]| {
            let ours = &ours;
            let value = value.to_vec();
            sent(ours, async move { ours.swap("k", expected, value).await })
        };
        assert_eq!(swap(None, b"1").await, (1, Ok(Swap::Done)), "it was read before");
        assert_eq!(swap(Some(b"1"), b"2").await, (1, Ok(Swap::Done)), "it was written before");
        assert_eq!(swap(Some(b"1"), b"3").await, (1, Ok(Swap::Conflict)), "it is read");
        theirs.set("k", b"9".to_vec()).await.unwrap();
        assert_eq!(swap(Some(b"2"), b"3").await, (2, Ok(Swap::Conflict)), "and after a conflict");
        assert_eq!(swap(Some(b"9"), b"3").await, (1, Ok(Swap::Done)), "which tells what is there");
        theirs.set("k", b"3".to_vec()).await.unwrap();
        assert_eq!(swap(Some(b"3"), b"4").await, (3, Ok(Swap::Done)), "the same value once more");
    }
}
