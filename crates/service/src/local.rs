//! Deciding without the store: in the memory of this process, while the store can't be asked.
//!
//! Nothing of it is ever written to the store. So between a failure and its end, N processes grant up
//! to N shares of a limit on top of what the store has counted, and a process that starts anew grants
//! its share anew.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tollgate_core::{Applied, Span, Timestamp};

use crate::limiter::LimiterError;

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
    /// Decides by `ask` on what is remembered of the key; nothing when there is no room to remember it.
    pub(crate) fn decide(
        &self,
        record_key: &str,
        now: Timestamp,
        ask: impl FnOnce(Option<&[u8]>) -> Result<Applied, LimiterError>,
    ) -> Result<Option<Applied>, LimiterError> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let record = records.get(record_key).map(|record| &*record.bytes);
        let is_new = record.is_none();
        let mut applied = ask(record)?;
        let Some(bytes) = applied.record.take() else { return Ok(Some(applied)) };
        if is_new && records.len() >= LOCAL_KEYS_MAX {
            records.retain(|_, record| record.idle_at > now);
            if records.len() >= LOCAL_KEYS_MAX {
                return Ok(None);
            }
        }
        let reset_after = applied.limits.iter().map(|limit| limit.reset_after).max();
        let idle_at = now.plus(reset_after.unwrap_or(Span::ZERO));
        records.insert(record_key.to_owned(), LocalRecord { bytes, idle_at });
        Ok(Some(applied))
    }
}
