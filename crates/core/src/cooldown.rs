//! Cooldowns: what one caller of an upstream API learned about its rate limits, shared with all callers.
//!
//! An upstream that refuses a call says, or implies, how long it will go on refusing. One caller
//! reports that as an [`Event`]; everybody who shares the record asks
//! [`limited_by`](Cooldowns::limited_by) before the next call, instead of finding out alone.
//!
//! ```
//! use tollgate_core::cooldown::{Cooldowns, Event, Filter, Reported};
//! use tollgate_core::{Id, Span, Timestamp};
//!
//! let (id, source) = (Id::from_u128(0x5eed), 7);
//! let event = Event::new(id, source, "429", Span::from_secs(300))?.with_label("large-model")?;
//!
//! let now = Timestamp::from_secs(1_800_000_000);
//! let mut cooldowns = Cooldowns::new();
//! assert_eq!(cooldowns.report(event, now)?, Reported::Added);
//!
//! // Four fifths of the 300 seconds are counted.
//! let large = Filter::ANY.with_label("large-model")?;
//! let cooldown = cooldowns.limited_by(large, now).unwrap();
//! assert_eq!(cooldown.retry_after(now), Span::from_secs(240));
//!
//! assert!(cooldowns.limited_by(Filter::ANY.with_label("small-model")?, now).is_none());
//! assert!(cooldowns.limited_by(large, cooldown.expires_at()).is_none());
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # Sharing
//! The cooldowns of one upstream are one record, under a key of the caller's own, in a store with
//! compare-and-swap. To report: load the bytes (an absent key is [`Cooldowns::new`]),
//! [`decode`](Cooldowns::decode), [`report`](Cooldowns::report), [`encode`](Cooldowns::encode), swap
//! them in for the bytes that were loaded. When the swap conflicts, or fails without saying whether it
//! wrote, do all of it again with the same event: its id makes it count once. Two records never have
//! to be merged. A query takes one load and writes nothing.
//!
//! # Clocks
//! Times are wall-clock times of different machines. An event that was recorded more than [`SKEW_MAX`]
//! ahead of `now` comes from a broken clock and does not count: believing it would stop every caller
//! until that time, which may be never; ignoring it costs one call that the upstream refuses, and
//! whose caller reports the event again.

mod codec;
mod event;
mod filter;

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use crate::SKEW_MAX;
use crate::id::Id;
use crate::shift;
use crate::time::{Span, Timestamp};

pub use codec::RECORD_BYTES_MAX;
pub use event::{
    DURATION_MAX, Event, EventError, SAFETY_PERMILLE_DEFAULT, SAFETY_PERMILLE_MAX, TEXT_BYTES_MAX,
};
pub use filter::Filter;

/// Most events in a record: enough for every model of an upstream with several codes each, and few
/// enough to load and scan before every call.
pub const EVENTS_MAX: usize = 128;

/// The events of one upstream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cooldowns {
    /// By ascending id, each id once, so that equal cooldowns encode to equal bytes.
    all: Vec<Cooldown>,
}

/// An event and when it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cooldown {
    event: Event,
    recorded_at: Timestamp,
}

/// The outcome of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Reported {
    /// The event was added, and the record has to be written.
    Added,
    /// The record has an event with this id, which stays as it is: nothing to write.
    Known,
    /// The record is full, and an event with the same code and label lasts at least as long: nothing
    /// to write.
    Covered,
}

/// The record holds [`EVENTS_MAX`] events that all make a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{EVENTS_MAX} different events are cooling down, the most that a record holds")
    }
}

impl core::error::Error for Full {}

impl Cooldowns {
    /// Those of an upstream without any reports.
    #[must_use]
    pub const fn new() -> Self {
        Self { all: Vec::new() }
    }

    /// Records that `event` was seen at `now`.
    ///
    /// An id that the record holds is the same event reported again: it counts once, from the first
    /// time.
    ///
    /// In a full record expired events make room, then one that can change no answer of
    /// [`limited_by`](Self::limited_by) from now on, since an active event with the same code and label
    /// is preferred to it, then the event that is impossibly far ahead of `now` by the most.
    ///
    /// # Errors
    /// [`Full`] when there are none of these; nothing is changed then.
    pub fn report(&mut self, event: Event, now: Timestamp) -> Result<Reported, Full> {
        if self.all.iter().any(|cooldown| cooldown.event.id() == event.id()) {
            return Ok(Reported::Known);
        }
        let new = Cooldown { event, recorded_at: now };
        if self.is_full() {
            self.clean_up(now);
        }
        if self.is_full() {
            if self.all.iter().any(|cooldown| cooldown.covers(&new, now)) {
                return Ok(Reported::Covered);
            }
            let needless = self.needless(&new, now).ok_or(Full)?;
            self.all.retain(|cooldown| cooldown.event.id() != needless);
        }
        let position = self.all.partition_point(|cooldown| cooldown.event.id() < new.event.id());
        shift::insert(&mut self.all, position, new);
        Ok(Reported::Added)
    }

    /// The active cooldown that matches `filter` and expires last (of several, the one with the lowest
    /// id): what to wait for. `None` when nothing is known to limit the call.
    #[must_use]
    pub fn limited_by(&self, filter: Filter<'_>, now: Timestamp) -> Option<&Cooldown> {
        self.matching(filter, now).min_by(|a, b| a.preference(b))
    }

    /// All active cooldowns that match `filter`: the last to expire comes first, and of those that
    /// expire together the lowest id.
    #[must_use]
    pub fn active(&self, filter: Filter<'_>, now: Timestamp) -> Vec<&Cooldown> {
        let mut active: Vec<&Cooldown> = Vec::new();
        for cooldown in self.matching(filter, now) {
            // They are few, and the standard library's sort is 5 KB of code.
            let position = active.partition_point(|other| other.preference(cooldown).is_lt());
            shift::insert(&mut active, position, cooldown);
        }
        active
    }

    /// Drops the expired events, and returns how many; with 0 there is nothing to write.
    ///
    /// Events that are too far ahead of `now` stay: if the broken clock is this one, they are right.
    pub fn clean_up(&mut self, now: Timestamp) -> usize {
        let before = self.all.len();
        self.all.retain(|cooldown| cooldown.expires_at() > now);
        before.saturating_sub(self.all.len())
    }

    /// All events of the record, active or not, by ascending id.
    #[must_use]
    pub fn all(&self) -> &[Cooldown] {
        &self.all
    }

    fn matching(&self, filter: Filter<'_>, now: Timestamp) -> impl Iterator<Item = &Cooldown> {
        let counts = move |c: &&Cooldown| c.is_active(now) && filter.matches(&c.event);
        self.all.iter().filter(counts)
    }

    const fn is_full(&self) -> bool {
        self.all.len() >= EVENTS_MAX
    }

    /// The id of an event that `new` may replace.
    fn needless(&self, new: &Cooldown, now: Timestamp) -> Option<Id> {
        let is_covered = |old: &&Cooldown| {
            let by_other = self.all.iter().any(|other| other.covers(old, now));
            by_other || new.covers(old, now)
        };
        let furthest_ahead = || {
            let ahead = self.all.iter().filter(|old| old.is_ahead(now));
            ahead.max_by_key(|old| old.recorded_at)
        };
        let needless = self.all.iter().find(is_covered).or_else(furthest_ahead)?;
        Some(needless.event.id())
    }
}

impl Cooldown {
    /// What was seen.
    #[must_use]
    pub const fn event(&self) -> &Event {
        &self.event
    }

    /// When it was reported.
    #[must_use]
    pub const fn recorded_at(&self) -> Timestamp {
        self.recorded_at
    }

    /// When it stops counting: [`Event::counted_duration`] after it was recorded. At exactly this time
    /// it is expired.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        self.recorded_at.plus(self.event.counted_duration())
    }

    /// How long until it expires: zero when it has.
    #[must_use]
    pub const fn retry_after(&self, now: Timestamp) -> Span {
        self.expires_at().since(now)
    }

    /// Whether it counts at `now`: neither expired nor recorded by a clock too far ahead.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.expires_at() > now && !self.is_ahead(now)
    }

    fn is_ahead(&self, now: Timestamp) -> bool {
        self.recorded_at.since(now) > SKEW_MAX
    }

    /// The order in which cooldowns answer.
    fn preference(&self, other: &Self) -> Ordering {
        let latest_first = other.expires_at().cmp(&self.expires_at());
        latest_first.then(self.event.id().cmp(&other.event.id()))
    }

    /// Whether this one answers in place of `other` at `now` and ever after, whatever is asked for.
    fn covers(&self, other: &Self, now: Timestamp) -> bool {
        let alike =
            self.event.code() == other.event.code() && self.event.label() == other.event.label();
        alike && self.is_active(now) && self.preference(other) == Ordering::Less
    }
}
