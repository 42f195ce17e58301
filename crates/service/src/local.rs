//! Deciding without the store: in the memory of this process, while the store is unavailable.
//!
//! None of this is ever written to the store. So during a failure, N processes grant up to N shares of a limit on
//! top of what the store has counted, and a restarted process grants its share anew. If a key's numbers change by
//! the hour, a key forgotten to make room may be given its share once more in the following hour.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tollgate_core::{Applied, Span, Timestamp, Verdict};

/// Most keys counted at a time; further ones are refused.
pub(crate) const LOCAL_KEYS_MAX: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct LocalRecords {
    records: Mutex<BTreeMap<String, LocalRecord>>,
}

#[derive(Debug)]
struct LocalRecord {
    bytes: Vec<u8>,
    /// From then on it decides as no record would.
    idle_at: Timestamp,
}

impl LocalRecords {
    /// Decides by `ask`, given a key's index and its remembered record: all keys are charged or, if one denies, none.
    /// Nothing if it can't be decided, or if there is no room to remember it.
    pub(crate) fn decide(
        &self,
        record_keys: &[&str],
        now: Timestamp,
        ask: impl Fn(usize, Option<&[u8]>) -> Option<Applied>,
    ) -> Option<Vec<Applied>> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = |key: &str| records.get(key).map(|record| &*record.bytes);
        let decided = record_keys.iter().enumerate().map(|(at, key)| ask(at, seen(key)));
        let mut decided = decided.collect::<Option<Vec<_>>>()?;
        let is_allowed = |applied: &Applied| applied.verdict == Verdict::Allowed;
        let passes = decided.iter().all(is_allowed);
        let written = record_keys.iter().zip(&mut decided).filter_map(|(key, applied)| {
            let bytes = applied.record.take()?;
            // A denial also writes, if it records since when a limit fills.
            let is_written = passes || !is_allowed(applied);
            is_written.then(|| ((*key).to_owned(), LocalRecord::new(bytes, applied, now)))
        });
        let written: Vec<_> = written.collect();
        make_room(&mut records, &written, now)?;
        records.extend(written);
        Some(decided)
    }
}

impl LocalRecord {
    fn new(bytes: Vec<u8>, applied: &Applied, now: Timestamp) -> Self {
        let reset_after = applied.limits.iter().map(|limit| limit.reset_after).max();
        Self { bytes, idle_at: now.plus(reset_after.unwrap_or(Span::ZERO)) }
    }
}

/// Forgets idle records if the new ones don't fit; `None` if that is not enough.
fn make_room(
    records: &mut BTreeMap<String, LocalRecord>,
    written: &[(String, LocalRecord)],
    now: Timestamp,
) -> Option<()> {
    let has_room = |records: &BTreeMap<String, LocalRecord>| {
        let new = written.iter().filter(|(key, _)| !records.contains_key(key));
        records.len() + new.count() <= LOCAL_KEYS_MAX
    };
    if !has_room(records) {
        records.retain(|_, record| record.idle_at > now);
    }
    has_room(records).then_some(())
}
