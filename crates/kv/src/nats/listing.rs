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

/// How long the server keeps what reads a page, should nobody be left to remove it.
const READER_MAX: Duration = Duration::from_secs(10);

/// How long the server looks for messages of a page. It counts those that were removed meanwhile as still to
/// come, and would wait for them; a page that ends too early is a short one.
const REMOVED_MAX: Duration = Duration::from_millis(200);

/// The first message there may be.
const FIRST: u64 = 1;

/// The page that starts at the message which `cursor` names.
///
/// Messages have numbers in the order in which they were written, and every key has one message. So a key
/// that is written while its page is awaited is on a later one.
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
    // Asking for no messages would wait for the whole timeout.
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
    // What the server says of how many are left does not count what was removed meanwhile.
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

/// The key of a message, unless it marks a removed one, or is none of ours.
fn key_of(bucket: &Bucket, subject: &str, headers: &HeaderMap) -> Option<String> {
    let encoded = subject.strip_prefix(&*bucket.prefix)?;
    if is_marker(headers) { None } else { key::decode(encoded) }
}
