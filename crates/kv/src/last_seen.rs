//! A bounded cache of the values a server was last seen to hold: the next decision on a key saves a read.

use std::hash::RandomState;
use std::sync::{Mutex, PoisonError};

use hashlink::LruCache;

/// Most keys. More would not be used again soon, and an evicted key is only loaded again.
const KEYS_MAX: usize = 131_072;
/// Most bytes of keys and values together. A key and its record of a few limits take about a hundred.
const BYTES_MAX: usize = 16 << 20;
/// Longest cached value in bytes. Longer ones are logs and documents, which are read more often than written.
const VALUE_BYTES_MAX: usize = 4 << 10;

/// The values of keys as last seen, or as they are being written, with a revision `R` if the server has revisions.
/// The least recently used ones are evicted first.
///
/// Answers may arrive out of order, and writes may fail: a value may have been wrong even when it was cached.
pub(crate) struct LastSeen<R> {
    seen: Mutex<Seen<R>>,
}

struct Seen<R> {
    /// Callers choose the keys, so they are hashed with a secret seed.
    values: LruCache<String, Value<R>, RandomState>,
    bytes: usize,
}

/// A value, or `None` if there was none, and its revision.
pub(crate) type Value<R> = (Option<Vec<u8>>, R);

impl<R: Copy> LastSeen<R> {
    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<Value<R>> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.values.get(key).cloned()
    }

    /// Remembers the value of a key.
    pub(crate) fn put(&self, key: &str, value: Option<&[u8]>, revision: R) {
        self.update(key, |_| Update::Put(value, revision));
    }

    /// Changes what is remembered of a key, given what is remembered now.
    pub(crate) fn update<'v>(
        &self,
        key: &str,
        update: impl FnOnce(Option<&Value<R>>) -> Update<'v, R>,
    ) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match update(seen.values.peek(key)) {
            Update::Keep => {}
            Update::Forget => seen.remove(key),
            Update::Put(value, revision) => seen.put(key, value, revision),
        }
    }
}

/// What becomes of what is remembered of a key.
pub(crate) enum Update<'v, R> {
    /// It stays.
    Keep,
    /// Nothing is remembered any more.
    Forget,
    /// This is remembered instead.
    Put(Option<&'v [u8]>, R),
}

impl<R> Seen<R> {
    fn remove(&mut self, key: &str) {
        let before = self.values.remove_entry(key);
        self.forget(before.as_ref());
    }

    fn put(&mut self, key: &str, value: Option<&[u8]>, revision: R) {
        let before = self.values.remove_entry(key);
        self.forget(before.as_ref());
        if value.is_some_and(|value| value.len() > VALUE_BYTES_MAX) {
            return;
        }
        self.bytes += bytes(key, value);
        // A key that is used again and again needs no new memory.
        let (key, kept) =
            before.map_or_else(|| (key.to_owned(), None), |(key, (kept, _))| (key, kept));
        let value = value.map(|value| {
            // Nor does it keep more than twice what is counted.
            let mut kept =
                kept.filter(|kept| kept.capacity() <= 2 * value.len()).unwrap_or_default();
            kept.clear();
            kept.extend_from_slice(value);
            kept
        });
        self.values.insert(key, (value, revision));
        while self.values.len() > KEYS_MAX || self.bytes > BYTES_MAX {
            let oldest = self.values.remove_lru();
            self.forget(oldest.as_ref());
        }
    }

    /// Subtracts the size of an entry that was taken out.
    fn forget(&mut self, entry: Option<&(String, Value<R>)>) {
        if let Some((key, (value, _))) = entry {
            self.bytes -= bytes(key, value.as_deref());
        }
    }
}

fn bytes(key: &str, value: Option<&[u8]>) -> usize {
    key.len() + value.map_or(0, <[u8]>::len)
}

impl<R> Default for LastSeen<R> {
    fn default() -> Self {
        let values = LruCache::with_hasher(usize::MAX, RandomState::new());
        Self { seen: Mutex::new(Seen { values, bytes: 0 }) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn sizes(seen: &LastSeen<()>) -> (usize, usize) {
        let seen = seen.seen.lock().unwrap();
        (seen.values.len(), seen.bytes)
    }

    #[test]
    fn the_newest_value_of_a_key_is_remembered_and_that_it_was_absent() {
        let seen = LastSeen::default();
        assert_eq!(seen.get("k"), None);
        seen.put("k", Some(b"one"), 1);
        seen.put("k", Some(b"longer"), 2);
        assert_eq!(seen.get("k"), Some((Some(b"longer".to_vec()), 2)));
        seen.put("k", None, 3);
        assert_eq!(seen.get("k"), Some((None, 3)));
    }

    #[test]
    fn who_was_not_used_for_longest_is_forgotten_when_there_are_too_many() {
        let seen = LastSeen::default();
        for number in 0..KEYS_MAX {
            seen.put(&format!("{number:06}"), Some(b"v"), ());
        }
        assert!(seen.get("000000").is_some(), "used once more");
        seen.put("new", None, ());
        assert_eq!(sizes(&seen), (KEYS_MAX, (KEYS_MAX - 1) * 7 + 3));
        assert_eq!(seen.get("000001"), None);
        assert!(seen.get("000000").is_some() && seen.get("new").is_some());
    }

    #[test]
    fn values_take_no_more_than_their_bytes() {
        let seen = LastSeen::default();
        let value = vec![0; VALUE_BYTES_MAX];
        let fit = BYTES_MAX / (VALUE_BYTES_MAX + 6);
        for number in 0..=fit {
            seen.put(&format!("{number:06}"), Some(&value), ());
        }
        assert_eq!(sizes(&seen), (fit, fit * (VALUE_BYTES_MAX + 6)));
        assert_eq!(seen.get("000000"), None);
        assert!(seen.get("000001").is_some());
    }

    #[test]
    fn a_value_that_has_become_shorter_takes_less() {
        let seen = LastSeen::default();
        seen.put("k", Some(&vec![0; VALUE_BYTES_MAX]), ());
        seen.put("k", Some(b"short"), ());
        let seen = seen.seen.lock().unwrap();
        let (value, ()) = seen.values.iter().next().unwrap().1;
        assert!(value.as_ref().unwrap().capacity() <= 10);
    }

    #[test]
    fn a_value_that_is_too_long_is_forgotten_and_takes_nothing() {
        let seen = LastSeen::default();
        seen.put("k", Some(b"short"), ());
        seen.put("k", Some(&vec![0; VALUE_BYTES_MAX + 1]), ());
        assert_eq!((seen.get("k"), sizes(&seen)), (None, (0, 0)));
    }
}
