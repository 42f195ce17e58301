//! Keys that became limited: noted by the process that denies them, under policies that say `watch = true`.
//!
//! A denial writes nothing, and a flood of denials must not cause writes. So a key is announced once, and again only
//! after it has not been denied for a while. Entries wait until a second has passed since the last write, and are
//! written with the next decision under such a policy, or when a watcher of the same process next polls. Entries still
//! waiting when the process ends are lost, and so are those there is no room for: this is best effort.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tollgate_core::{Applied, Span, Timestamp, Verdict};
use tollgate_store::{Clock, Store};

use super::news::Entry;
use crate::limiter::Limiter;
use crate::opened::Opened;
use crate::session::Session;

/// How long a key must go without a denial before it counts as newly limited.
const QUIET: Span = Span::from_secs(10);

/// The pause between two writes of one process.
const WRITE_PAUSE: Span = Span::from_secs(1);

/// Most denied keys that a process remembers; further ones are not announced.
const DENIED_MAX: usize = 1_000;

/// Most keys waiting to be announced; further ones are dropped. A write of this many leaves room in the log for
/// other entries.
const WAITING_MAX: usize = 32;

/// What one process knows about the keys it denied.
#[derive(Debug, Default)]
pub(crate) struct LimitedKeys(Mutex<Denied>);

#[derive(Debug, Default)]
struct Denied {
    /// When each key was last denied, by the key of its record.
    keys: BTreeMap<String, Timestamp>,
    /// The entries to write, each with the key of its log.
    waiting: Vec<(String, Entry)>,
    write_at: Timestamp,
}

impl LimitedKeys {
    /// Nothing panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, Denied> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a denial; true if it made the key limited.
    fn note(&self, record_key: &str, now: Timestamp) -> bool {
        let keys = &mut self.lock().keys;
        if let Some(last) = keys.get_mut(record_key) {
            return now.since(std::mem::replace(last, now)) >= QUIET;
        }
        if keys.len() >= DENIED_MAX {
            keys.retain(|_, last| now.since(*last) < QUIET);
        }
        let has_room = keys.len() < DENIED_MAX;
        if has_room {
            keys.insert(record_key.to_owned(), now);
        }
        has_room
    }

    fn add(&self, log_key: String, entry: Entry) {
        let waiting = &mut self.lock().waiting;
        if waiting.len() < WAITING_MAX {
            waiting.push((log_key, entry));
        }
    }

    /// The entries to write to this log now.
    fn due(&self, log_key: &str, now: Timestamp) -> Vec<Entry> {
        let mut denied = self.lock();
        // A write time further ahead than the pause means that the clock was set back: then it is not early.
        let is_early = now < denied.write_at && denied.write_at.since(now) <= WRITE_PAUSE;
        if is_early || denied.waiting.is_empty() {
            return Vec::new();
        }
        let waiting = std::mem::take(&mut denied.waiting);
        let (due, waiting): (Vec<_>, _) = waiting.into_iter().partition(|(log, _)| log == log_key);
        denied.waiting = waiting;
        if !due.is_empty() {
            denied.write_at = now.plus(WRITE_PAUSE);
        }
        due.into_iter().map(|(_, entry)| entry).collect()
    }
}

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    /// Notes the decision, if the policy is watched.
    pub(crate) async fn note_decision(&self, opened: &Opened<L>, key: &str, applied: &Applied) {
        if !opened.named.is_watched() {
            return;
        }
        if applied.verdict == Verdict::Limited {
            self.note_limited(opened, key, applied.retry_after);
        }
        self.tell_limited().await;
    }

    /// Notes that a key is limited.
    pub(crate) fn note_limited(&self, opened: &Opened<L>, key: &str, retry_after: Span) {
        let now = self.service.clock.now();
        let limited = &self.service.limited;
        if limited.note(&self.record_key(opened, key), now) {
            let entry = Entry::limited(opened.named.name(), key, retry_after, now);
            limited.add(self.watch_key(), entry);
        }
    }

    /// Writes the keys that are waiting, if it is time.
    pub(crate) async fn tell_limited(&self) {
        let due = self.service.limited.due(&self.watch_key(), self.service.clock.now());
        self.announce(&due).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_secs(1_000).plus(Span::from_millis(millis))
    }

    #[test]
    fn a_key_becomes_limited_once_until_it_was_left_alone() {
        let keys = LimitedKeys::default();
        assert!(keys.note("k", at(0)));
        assert!(keys.note("other", at(0)));
        for second in 1..20 {
            assert!(!keys.note("k", at(second * 1_000)), "it is denied all the time");
        }
        assert!(!keys.note("k", at(28_999)));
        assert!(keys.note("k", at(38_999)), "ten seconds later");
    }

    #[test]
    fn memory_is_bounded_and_what_was_left_alone_makes_room() {
        let keys = LimitedKeys::default();
        let told = (0..DENIED_MAX + 5).filter(|n| keys.note(&n.to_string(), at(0))).count();
        assert_eq!((told, keys.lock().keys.len()), (DENIED_MAX, DENIED_MAX));
        assert!(keys.note("new", at(10_000)));
        assert_eq!(keys.lock().keys.len(), 1);
    }

    #[test]
    fn writes_are_a_second_apart_and_bounded() {
        let keys = LimitedKeys::default();
        let entry = || Entry::limited("p", "k", Span::ZERO, at(0));
        let due = |millis: u64| keys.due("w/", at(millis)).len();
        assert_eq!(due(0), 0);
        keys.add("w/".into(), entry());
        assert_eq!((due(0), due(0)), (1, 0));
        (0..WAITING_MAX + 5).for_each(|_| keys.add("w/".into(), entry()));
        keys.add("w/".into(), entry());
        assert_eq!((due(999), due(1_000), due(1_001)), (0, WAITING_MAX, 0));
        keys.add("w/other".into(), entry());
        assert_eq!(due(5_000), 0, "of another tenant");
        assert_eq!(keys.due("w/other", at(5_000)).len(), 1);
        keys.add("w/".into(), entry());
        assert_eq!(keys.due("w/", Timestamp::from_secs(5)).len(), 1, "the clock was set back");
    }
}
