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

/// Most denied keys of one tenant that a process remembers; further ones are not announced.
const DENIED_MAX: usize = 1_000;

/// Most keys of one tenant waiting to be announced; further ones are dropped. A write of this many leaves room in the
/// log for other entries.
const WAITING_MAX: usize = 32;

/// Most tenants that a process knows denied keys of: those that were denied last.
const TENANTS_MAX: usize = 32;

/// What one process knows about the keys it denied, by tenant: none takes another one's room.
#[derive(Debug, Default)]
pub(crate) struct LimitedKeys(Mutex<Vec<Denied>>);

/// The denied keys of one tenant.
#[derive(Debug, Default)]
struct Denied {
    /// The key of the tenant's log.
    log: String,
    /// When each key was last denied, by the key of its record.
    keys: BTreeMap<String, Timestamp>,
    /// When the last of them was.
    last: Timestamp,
    /// The entries to write.
    waiting: Vec<Entry>,
    write_at: Timestamp,
}

impl Denied {
    /// Notes a denial; true if it made the key limited.
    fn note(&mut self, record_key: &str, now: Timestamp) -> bool {
        self.last = now;
        let keys = &mut self.keys;
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

    /// The entries to write now.
    fn due(&mut self, now: Timestamp) -> Vec<Entry> {
        // A write time further ahead than the pause means that the clock was set back: then it is not early.
        let is_early = now < self.write_at && self.write_at.since(now) <= WRITE_PAUSE;
        if is_early || self.waiting.is_empty() {
            return Vec::new();
        }
        self.write_at = now.plus(WRITE_PAUSE);
        std::mem::take(&mut self.waiting)
    }
}

impl LimitedKeys {
    /// Nothing panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, Vec<Denied>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a denial. If it made the key limited, `entry` says so, and waits.
    fn note(&self, log: &str, record_key: &str, now: Timestamp, entry: impl FnOnce() -> Entry) {
        let mut tenants = self.lock();
        let position = tenants.iter().position(|denied| denied.log == log);
        let position = position.unwrap_or_else(|| make_room(&mut tenants, log));
        let Some(denied) = tenants.get_mut(position) else { return };
        if denied.note(record_key, now) && denied.waiting.len() < WAITING_MAX {
            denied.waiting.push(entry());
        }
    }

    /// The entries to write to this log now.
    fn due(&self, log: &str, now: Timestamp) -> Vec<Entry> {
        let mut tenants = self.lock();
        let denied = tenants.iter_mut().find(|denied| denied.log == log);
        denied.map_or_else(Vec::new, |denied| denied.due(now))
    }
}

/// The position of a tenant that is new, at the end or in place of the one that was denied nothing for longest.
fn make_room(tenants: &mut Vec<Denied>, log: &str) -> usize {
    let new = Denied { log: log.to_owned(), ..Denied::default() };
    if tenants.len() < TENANTS_MAX {
        tenants.push(new);
        return tenants.len() - 1;
    }
    let silent = tenants.iter_mut().enumerate().min_by_key(|(_, denied)| denied.last);
    silent.map_or(0, |(position, silent)| {
        *silent = new;
        position
    })
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
        let entry = || Entry::limited(opened.named.name(), key, retry_after, now);
        let record_key = self.record_key(opened, key);
        self.service.limited.note(&self.watch_key(), &record_key, now, entry);
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

    fn denied(keys: &LimitedKeys, log: &str, key: &str, millis: u64) {
        keys.note(log, key, at(millis), || Entry::limited("p", key, Span::ZERO, at(millis)));
    }

    fn due(keys: &LimitedKeys, log: &str, millis: u64) -> usize {
        keys.due(log, at(millis)).len()
    }

    #[test]
    fn a_key_becomes_limited_once_until_it_was_left_alone() {
        let keys = LimitedKeys::default();
        for (key, millis, told) in
            [("k", 0, 1), ("other", 1_000, 1), ("k", 9_999, 0), ("k", 19_998, 0), ("k", 29_998, 1)]
        {
            denied(&keys, "w/", key, millis);
            assert_eq!(due(&keys, "w/", millis), told, "{key} at {millis}");
        }
    }

    #[test]
    fn memory_is_bounded_and_what_was_left_alone_makes_room() {
        let keys = LimitedKeys::default();
        let known = |log: &str| {
            let tenants = keys.lock();
            tenants.iter().find(|denied| denied.log == log).map(|denied| denied.keys.len())
        };
        (0..DENIED_MAX + 5).for_each(|n| denied(&keys, "w/", &n.to_string(), 0));
        assert_eq!(known("w/"), Some(DENIED_MAX));
        denied(&keys, "w/", "new", 10_000);
        assert_eq!(known("w/"), Some(1));
        (0..TENANTS_MAX).for_each(|n| denied(&keys, &n.to_string(), "k", 11_000));
        assert_eq!(known("w/"), None);
        assert_eq!(keys.lock().len(), TENANTS_MAX);
    }

    #[test]
    fn writes_are_a_second_apart_and_bounded() {
        let keys = LimitedKeys::default();
        assert_eq!(due(&keys, "w/", 0), 0);
        denied(&keys, "w/", "first", 0);
        assert_eq!([0, 0].map(|now| due(&keys, "w/", now)), [1, 0]);
        (0..WAITING_MAX + 5).for_each(|n| denied(&keys, "w/", &n.to_string(), 1));
        assert_eq!([999, 1_000, 1_001].map(|now| due(&keys, "w/", now)), [0, WAITING_MAX, 0]);
        denied(&keys, "w/", "last", 1_002);
        assert_eq!(keys.due("w/", Timestamp::from_secs(5)).len(), 1, "the clock was set back");
    }

    #[test]
    fn a_tenant_that_went_silent_is_in_nobodys_way() {
        let keys = LimitedKeys::default();
        (0..DENIED_MAX).for_each(|n| denied(&keys, "w/silent", &n.to_string(), 0));
        denied(&keys, "w/", "k", 1);
        assert_eq!(due(&keys, "w/", 1), 1);
        assert_eq!(due(&keys, "w/silent", 1), WAITING_MAX, "and loses nothing");
    }
}
