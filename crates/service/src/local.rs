//! Deciding without the store: in the memory of this process, while the store can't be asked.
//!
//! Nothing of it is ever written to the store. So between a failure and its end, N processes grant up
//! to N shares of a limit on top of what the store has counted, and a process that starts anew grants
//! its share anew. Where keys have other numbers by the hour, one that is forgotten to make room may be given its share
//! once more in the hour after.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tollgate_core::{Applied, Span, Timestamp, Verdict};

/// Most keys that are counted at the same time; further ones are refused.
pub(crate) const LOCAL_KEYS_MAX: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct LocalRecords {
    records: Mutex<BTreeMap<String, LocalRecord>>,
}

#[derive(Debug)]
struct LocalRecord {
    bytes: Vec<u8>,
    /// From then on it decides as none would.
    idle_at: Timestamp,
}

impl LocalRecords {
    /// Decides by `ask` on what is remembered of each key, by its place: all are charged or, where one denies, none.
    /// Nothing when it can't be decided, or when there is no room to remember it.
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
            // A denial has something to write, too, where it says since when a limit fills.
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

/// Forgets idle records where the new ones have no room; nothing when that is not enough.
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
