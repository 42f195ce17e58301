//! A store as it should be: records with versions, and a swap that compares them.

use std::collections::BTreeMap;

/// A version; 0 for a key that is absent.
pub(crate) type Token = u64;

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Store {
    records: BTreeMap<usize, (Token, Vec<u8>)>,
}

impl Store {
    pub(crate) fn load(&self, key: usize) -> (Option<&[u8]>, Token) {
        let found = self.records.get(&key);
        (found.map(|(_, record)| &record[..]), found.map_or(0, |(version, _)| *version))
    }

    /// Whether it was written.
    pub(crate) fn swap(&mut self, key: usize, token: Token, record: Vec<u8>) -> bool {
        let is_same = self.load(key).1 == token;
        if is_same {
            self.records.insert(key, (token + 1, record));
        }
        is_same
    }
}
