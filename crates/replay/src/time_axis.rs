//! The time axis of a plot: its marks and their labels.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use tollgate_core::Timestamp;

use crate::timestamp_text::calendar;

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Round distances between marks, in nanoseconds.
const STEPS: [u64; 37] = [
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    50_000_000,
    100_000_000,
    200_000_000,
    500_000_000,
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    28 * DAY,
    91 * DAY,
    182 * DAY,
    364 * DAY,
    5 * 364 * DAY,
    10 * 364 * DAY,
    50 * 364 * DAY,
];
/// Maximum marks on the axis, so that their labels do not overlap.
const MARKS_MAX: u64 = 8;

/// A range of time, in nanoseconds since 1970.
#[derive(Clone)]
pub(crate) struct TimeAxis {
    start: u64,
    end: u64,
    step: u64,
}

impl TimeAxis {
    /// The axis from `start` to `end`.
    pub(crate) fn new(start: u64, end: u64) -> Self {
        let fits = |step: &&u64| (end - start) / **step < MARKS_MAX;
        let step = STEPS.iter().find(fits).copied().unwrap_or(end);
        Self { start, end, step }
    }

    /// The axis title, with the dates that it covers.
    pub(crate) fn title(&self) -> String {
        let date = |nanos| calendar(Timestamp::from_nanos(nanos)).strftime("%-d %B %Y").to_string();
        let (first, last) = (date(self.start), date(self.end - 1));
        if first == last { format!("{first}, UTC") } else { format!("{first} to {last}, UTC") }
    }

    /// Marks at multiples of the step.
    fn marks(&self) -> Vec<u64> {
        let first = self.start.div_ceil(self.step);
        (first..=self.end / self.step).map(|number| number * self.step).collect()
    }
}

impl Ranged for TimeAxis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = u64;

    fn map(&self, value: &u64, (from, to): (i32, i32)) -> i32 {
        let part = value.saturating_sub(self.start) as f64 / (self.end - self.start) as f64;
        from + (f64::from(to - from) * part).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<u64> {
        self.marks()
    }

    fn range(&self) -> Range<u64> {
        self.start..self.end
    }
}

impl ValueFormatter<u64> for TimeAxis {
    fn format_ext(&self, nanos: &u64) -> String {
        let is_within_a_day = self.start / DAY == (self.end - 1) / DAY;
        let pattern = match self.step {
            ..SECOND => "%H:%M:%S%.3f",
            SECOND..MINUTE => "%H:%M:%S",
            MINUTE..DAY if is_within_a_day => "%H:%M",
            MINUTE..DAY => "%-d %b %H:%M",
            DAY.. => "%-d %b %Y",
        };
        calendar(Timestamp::from_nanos(*nanos)).strftime(pattern).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(start: u64, end: u64) -> Vec<String> {
        let axis = TimeAxis::new(start, end);
        axis.marks().iter().map(|mark| axis.format_ext(mark)).collect()
    }

    #[test]
    fn marks_are_at_round_times_and_say_as_much_as_they_must() {
        let start = 1_700_158_620 * SECOND; // 16 November 2023, 18:17:00
        assert_eq!(
            labels(start, start + 58 * MINUTE),
            ["18:20", "18:30", "18:40", "18:50", "19:00", "19:10"]
        );
        let milliseconds = labels(start, start + SECOND / 500);
        assert_eq!(milliseconds, ["18:17:00.000", "18:17:00.001", "18:17:00.002"]);
        assert_eq!(labels(start, start + 3 * SECOND)[4], "18:17:02.000");
        assert_eq!(labels(start, start + 10 * SECOND)[5], "18:17:10");
        let days = labels(start, start + 2 * DAY);
        assert_eq!(days.first().map(String::as_str), Some("17 Nov 00:00"));
        assert_eq!(labels(start, start + 14 * DAY)[0], "17 Nov 2023");
    }

    #[test]
    fn no_range_has_many_marks_or_none() {
        for shift in 20..63 {
            let count = labels(1, 1 << shift).len();
            assert!((1..=9).contains(&count), "{count} marks on 2^{shift} ns");
        }
    }

    #[test]
    fn the_title_names_one_day_once() {
        let start = 1_431_857_103 * SECOND;
        assert_eq!(TimeAxis::new(start, start + HOUR).title(), "17 May 2015, UTC");
        assert_eq!(TimeAxis::new(start, start + DAY).title(), "17 May 2015 to 18 May 2015, UTC");
        let midnight = start - start % DAY;
        assert_eq!(TimeAxis::new(midnight, midnight + DAY).title(), "17 May 2015, UTC");
        assert_eq!(labels(midnight, midnight + DAY)[1], "06:00");
    }

    #[test]
    fn the_ends_of_the_range_are_the_ends_of_the_axis() {
        let axis = TimeAxis::new(DAY, 2 * DAY);
        let pixels = [DAY, DAY + DAY / 2, 2 * DAY].map(|nanos| axis.map(&nanos, (60, 160)));
        assert_eq!(pixels, [60, 110, 160]);
    }
}
