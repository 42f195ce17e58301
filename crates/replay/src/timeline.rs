//! Requests per slot of time, in bounded memory: slots widen as the trace gets longer.

use std::collections::BTreeMap;

use tollgate_core::{Timestamp, Verdict};

/// Maximum slots while counting; beyond this they are widened.
const SLOTS_MAX: usize = 4_096;
/// Maximum slots of a plot, from the first to the last: each is a few pixels wide.
const PLOT_SLOTS_MAX: u64 = 300;

const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MILLISECOND;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Possible slot widths in nanoseconds, and their names. Each width divides the next, so that slots can
/// be merged; with the last, all representable time fits in fewer than [`PLOT_SLOTS_MAX`] slots.
const WIDTHS: [(u64, &str); 17] = [
    (MILLISECOND, "millisecond"),
    (10 * MILLISECOND, "10 milliseconds"),
    (100 * MILLISECOND, "100 milliseconds"),
    (SECOND, "second"),
    (5 * SECOND, "5 seconds"),
    (15 * SECOND, "15 seconds"),
    (MINUTE, "minute"),
    (5 * MINUTE, "5 minutes"),
    (15 * MINUTE, "15 minutes"),
    (HOUR, "hour"),
    (3 * HOUR, "3 hours"),
    (6 * HOUR, "6 hours"),
    (12 * HOUR, "12 hours"),
    (DAY, "day"),
    (7 * DAY, "7 days"),
    (28 * DAY, "28 days"),
    (364 * DAY, "364 days"),
];

/// The requests of a slot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) admitted: u64,
    pub(crate) limited: u64,
    pub(crate) impossible: u64,
}

/// Counts per slot, in any order of time.
#[derive(Default)]
pub(crate) struct Timeline {
    /// Index of the slots' width.
    width: usize,
    /// By number: slot 0 starts in 1970. Slots without requests are absent.
    slots: BTreeMap<u64, Slot>,
}

impl Timeline {
    /// Counts a request.
    pub(crate) fn add(&mut self, time: Timestamp, verdict: Verdict) {
        let slot = self.slots.entry(time.as_nanos() / self.slot_nanos()).or_default();
        match verdict {
            Verdict::Allowed => slot.admitted += 1,
            Verdict::Limited => slot.limited += 1,
            Verdict::Impossible => slot.impossible += 1,
        }
        while self.slots.len() > SLOTS_MAX && self.widen() {}
    }

    /// Merges slots until there are few enough for a plot.
    pub(crate) fn widen_for_plot(&mut self) {
        while self.slot_count() > PLOT_SLOTS_MAX && self.widen() {}
    }

    /// How wide a slot is, in nanoseconds.
    pub(crate) fn slot_nanos(&self) -> u64 {
        WIDTHS.get(self.width).map_or(DAY, |(nanos, _)| *nanos)
    }

    /// The name of a slot's width.
    pub(crate) fn slot_name(&self) -> &'static str {
        WIDTHS.get(self.width).map_or("", |(_, name)| name)
    }

    /// The numbers of the first slot and of the one after the last.
    pub(crate) fn range(&self) -> (u64, u64) {
        let first = self.slots.first_key_value().map_or(0, |(number, _)| *number);
        let last = self.slots.last_key_value().map_or(0, |(number, _)| *number);
        (first, last + 1)
    }

    /// The slot with this number.
    pub(crate) fn slot(&self, number: u64) -> Slot {
        self.slots.get(&number).copied().unwrap_or_default()
    }

    /// The most requests in one slot.
    pub(crate) fn highest(&self) -> u64 {
        self.slots.values().map(|slot| slot.requests()).max().unwrap_or(0)
    }

    /// Requests over all slots.
    pub(crate) fn total(&self) -> Slot {
        self.slots.values().fold(Slot::default(), |sum, slot| sum.plus(*slot))
    }

    fn slot_count(&self) -> u64 {
        let (first, end) = self.range();
        end - first
    }

    /// Switches to the next width; false when this is the last.
    fn widen(&mut self) -> bool {
        let Some((wider, _)) = WIDTHS.get(self.width + 1) else {
            return false;
        };
        let factor = wider / self.slot_nanos();
        let mut joined: BTreeMap<u64, Slot> = BTreeMap::new();
        for (number, slot) in &self.slots {
            let sum = joined.entry(number / factor).or_default();
            *sum = sum.plus(*slot);
        }
        (self.slots, self.width) = (joined, self.width + 1);
        true
    }
}

impl Slot {
    /// The total number of requests.
    pub(crate) const fn requests(self) -> u64 {
        self.admitted + self.limited + self.impossible
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            admitted: self.admitted + other.admitted,
            limited: self.limited + other.limited,
            impossible: self.impossible + other.impossible,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn each_width_divides_the_next_and_the_last_is_wide_enough() {
        for pair in WIDTHS.windows(2) {
            assert_eq!(pair[1].0 % pair[0].0, 0, "{} in {}", pair[0].1, pair[1].1);
        }
        assert!(Timestamp::MAX.as_nanos() / WIDTHS[WIDTHS.len() - 1].0 < PLOT_SLOTS_MAX);
    }

    #[test]
    fn a_long_trace_is_counted_in_bounded_memory_and_loses_nothing() {
        let mut timeline = Timeline::default();
        // Three days in steps of 7 seconds, the second half first.
        let steps = 37_000_u64;
        for step in (steps / 2..steps).chain(0..steps / 2) {
            let verdict = if step % 3 == 0 { Verdict::Limited } else { Verdict::Allowed };
            timeline.add(Timestamp::from_secs(1_431_857_103 + 7 * step), verdict);
            assert!(timeline.slots.len() <= SLOTS_MAX);
        }
        let limited = steps.div_ceil(3);
        let total = Slot { admitted: steps - limited, limited, impossible: 0 };
        assert_eq!(timeline.total(), total);
        timeline.widen_for_plot();
        assert_eq!(timeline.slot_name(), "15 minutes");
        assert_eq!(timeline.total(), total);
        let (first, end) = timeline.range();
        assert!(end - first <= PLOT_SLOTS_MAX);
        assert_eq!(timeline.slot(first - 1), Slot::default());
    }

    #[test]
    fn a_single_request_has_a_slot_of_a_millisecond() {
        let mut timeline = Timeline::default();
        timeline.add(Timestamp::from_secs(1), Verdict::Impossible);
        timeline.widen_for_plot();
        assert_eq!((timeline.slot_name(), timeline.range()), ("millisecond", (1_000, 1_001)));
        assert_eq!((timeline.slot(1_000).impossible, timeline.highest()), (1, 1));
    }

    #[test]
    fn all_time_there_is_fits_a_plot() {
        let mut timeline = Timeline::default();
        timeline.add(Timestamp::EPOCH, Verdict::Allowed);
        timeline.add(Timestamp::MAX, Verdict::Allowed);
        timeline.widen_for_plot();
        assert_eq!((timeline.slot_name(), timeline.range()), ("364 days", (0, 294)));
    }
}
