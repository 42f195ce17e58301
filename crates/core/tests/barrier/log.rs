//! A barrier as anybody would write it: a log of one generation, which every question reads anew.

use std::collections::BTreeSet;

use tollgate_core::barrier::{Arrival, Created, Departure};
use tollgate_core::{Id, SKEW_MAX, Timestamp};

/// What happened to a generation after it began.
#[derive(Debug, Clone, Copy)]
enum Entry {
    Arrived(Id),
    Opened(Id, Timestamp),
    Left(Id),
}

/// The present generation, if there was one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    pub(crate) generation: u64,
    parties: usize,
    ttl_ns: u64,
    began_at: Timestamp,
    entries: Vec<Entry>,
}

impl Log {
    pub(crate) fn create(&mut self, parties: u16, ttl_ns: u64, now: Timestamp) -> Created {
        let all_left = self.opened().is_some() && self.present().is_empty();
        if self.generation > 0 && !all_left && self.is_in_time(now) {
            return Created::Alive { generation: self.generation };
        }
        let (generation, parties) = (self.generation + 1, parties.into());
        *self = Self { generation, parties, ttl_ns, began_at: now, entries: Vec::new() };
        Created::Begun { generation }
    }

    pub(crate) fn arrive(&mut self, party: Id, generation: u64, now: Timestamp) -> Arrival {
        if self.generation == 0 {
            return Arrival::NoBarrier;
        }
        if self.generation != generation {
            return Arrival::WrongGeneration { generation: self.generation };
        }
        if let Some((last, _)) = self.opened() {
            return if last == party { Arrival::Opened } else { Arrival::AlreadyOpen };
        }
        if !self.is_in_time(now) {
            return Arrival::Expired;
        }
        self.entries.push(Entry::Arrived(party));
        if self.present().len() == self.parties {
            self.entries.push(Entry::Opened(party, now));
            return Arrival::Opened;
        }
        Arrival::Waiting { remaining: self.remaining() }
    }

    pub(crate) fn leave(&mut self, party: Id, generation: u64, now: Timestamp) -> Departure {
        if self.generation == 0 {
            return Departure::NoBarrier;
        }
        if self.generation != generation {
            return Departure::WrongGeneration { generation: self.generation };
        }
        let is_open = self.opened().is_some();
        if !is_open && !self.is_in_time(now) {
            return Departure::Expired;
        }
        self.entries.push(Entry::Left(party));
        if is_open {
            Departure::Left { present: u16::try_from(self.present().len()).unwrap() }
        } else {
            Departure::GaveUp { remaining: self.remaining() }
        }
    }

    pub(crate) fn opened(&self) -> Option<(Id, Timestamp)> {
        self.entries.iter().find_map(|entry| match entry {
            Entry::Opened(party, at) => Some((*party, *at)),
            _ => None,
        })
    }

    /// Who arrived and did not leave after that.
    pub(crate) fn present(&self) -> BTreeSet<Id> {
        let mut present = BTreeSet::new();
        for entry in &self.entries {
            match entry {
                Entry::Arrived(party) => present.insert(*party),
                Entry::Left(party) => present.remove(party),
                Entry::Opened(..) => false,
            };
        }
        present
    }

    /// From the beginning or the opening, whichever was last, less than the time to live has passed,
    /// and that moment is not too far ahead.
    pub(crate) fn is_in_time(&self, now: Timestamp) -> bool {
        let since = self.opened().map_or(self.began_at, |(_, at)| at);
        let end = (i128::from(since.as_nanos()) + i128::from(self.ttl_ns))
            .min(i128::from(Timestamp::MAX.as_nanos()));
        let left = end - i128::from(now.as_nanos());
        left > 0 && left <= i128::from(self.ttl_ns) + i128::from(SKEW_MAX.as_nanos())
    }

    fn remaining(&self) -> u16 {
        u16::try_from(self.parties - self.present().len()).unwrap()
    }
}
