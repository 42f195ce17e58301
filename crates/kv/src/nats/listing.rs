//! Listing keys in the order of their last writes.

use std::collections::BTreeSet;
use std::time::Duration;

use async_nats::HeaderMap;

use async_nats::jetstream::consumer::pull::Config;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, Info};
use futures::StreamExt as _;
use tollgate_store::Page;

use super::bucket::{Bucket, is_marker};
use super::key;
use crate::contract::{KeyValueError, PAGE_KEYS_MAX};

/// How long the server keeps the consumer of a page, should nobody be left to delete it.
const READER_MAX: Duration = Duration::from_secs(10);

/// How long the server looks for messages of a page. It counts messages removed meanwhile as still pending,
/// and would wait for them; a page that ends too early is only shorter.
const REMOVED_MAX: Duration = Duration::from_millis(200);

/// The lowest sequence number of a message.
const FIRST: u64 = 1;

/// The page that starts at the message which `cursor` names.
///
/// Messages are numbered in the order in which they were written, and every key has one message. So a key
/// that is written while its page is being read moves to a later page.
pub(super) async fn page(bucket: &Bucket, cursor: Option<&str>) -> Result<Page, KeyValueError> {
    let start = match cursor.map(str::parse) {
        None => FIRST,
        Some(Ok(start)) if start >= FIRST => start,
        Some(_) => return Err(KeyValueError::Cursor),
    };
    let none = HeaderMap::new();
    let fail = |error: async_nats::Error| bucket.failure(error);
    let reader = bucket.stream.create_consumer(config(bucket, start)).await;
    let reader = reader.map_err(|error| bucket.failure(error))?;
    let (mut keys, mut next) = (BTreeSet::new(), start);
    let Info { num_pending, name, .. } = reader.cached_info();
    // A fetch with nothing pending would wait for its whole timeout.
    if *num_pending > 0 {
        let fetch = reader.fetch().max_messages(PAGE_KEYS_MAX - 1).expires(REMOVED_MAX);
        let mut messages = fetch.messages().await.map_err(|error| bucket.failure(error))?;
        while let Some(message) = messages.next().await {
            let message = message.map_err(fail)?;
            next = message.info().map_err(fail)?.stream_sequence + 1;
            let headers = message.headers.as_ref().unwrap_or(&none);
            keys.extend(key_of(bucket, &message.subject, headers));
        }
    }
    if let Err(error) = bucket.stream.delete_consumer(name).await {
        tracing::debug!(%error, "the reader of a page goes by itself");
    }
    // The server's count of pending messages is wrong once some were removed, so look for the next one.
    let cursor = bucket.first_from(next).await?.map(|message| {
        keys.extend(key_of(bucket, &message.subject, &message.headers));
        (message.sequence + 1).to_string()
    });
    Ok(Page { keys: keys.into_iter().collect(), cursor })
}

fn config(bucket: &Bucket, start_sequence: u64) -> Config {
    Config {
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence },
        ack_policy: AckPolicy::None,
        filter_subject: format!("{}>", bucket.prefix),
        headers_only: true,
        inactive_threshold: READER_MAX,
        memory_storage: true,
        num_replicas: 1,
        ..Config::default()
    }
}

/// The key of a message, unless it marks a removed key or the key is not one of ours.
fn key_of(bucket: &Bucket, subject: &str, headers: &HeaderMap) -> Option<String> {
    let encoded = subject.strip_prefix(&*bucket.prefix)?;
    if is_marker(headers) { None } else { key::decode(encoded) }
}
