//! Other numbers at other hours: which policy is in force when.

use alloc::vec::Vec;
use core::fmt;

use crate::algorithms::calendar::{UTC_OFFSET_SECS_MAX, is_utc_offset, weekday};
use crate::algorithms::wait::until;
use crate::time::{Span, Timestamp};

/// Most hours in one schedule.
pub const SCHEDULE_HOURS_MAX: usize = 32;
const DAY_MINUTES: u16 = 24 * 60;
const SECOND_NS: i128 = 1_000_000_000;
const MINUTE_NS: i128 = 60 * SECOND_NS;
const DAY_NS: i128 = 24 * 60 * MINUTE_NS;
const LAST_WEEKDAY: u32 = 6;
/// A bit for every day.
const EVERY_DAY: u8 = 0b111_1111;

/// Hours of some days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// The days on which they start: Monday is bit 0, Sunday bit 6.
    pub days: u8,
    /// When they start, in minutes since midnight: 0 to 1439.
    pub from_min: u16,
    /// When they are over: 1 to 1440, or, when it is not after the start, on the next day.
    pub to_min: u16,
    /// What is in force then: a number that means something to the caller, such as the position of a
    /// policy in a list.
    pub choice: usize,
}

/// Which of several policies is in force: that of the first hours that it is.
///
/// Policies whose limits have the same names read each other's records, so a key keeps what it used
/// when the hour changes. The UTC offset is fixed: a zone that changes its clocks has two of them.
///
/// ```
/// use tollgate_core::{Hours, Schedule, Timestamp};
/// // 9 to 5 from Monday to Friday, two hours ahead of UTC.
/// let business = Hours { days: 0b001_1111, from_min: 9 * 60, to_min: 17 * 60, choice: 1 };
/// let schedule = Schedule::new([business], 7_200)?;
/// let friday_noon_utc = Timestamp::from_secs(1_800_014_400);
/// assert_eq!(schedule.choice(friday_noon_utc), Some(1));
/// // It is over in three hours.
/// assert_eq!(schedule.changes_after(friday_noon_utc).as_secs_ceil(), 3 * 3_600);
/// # Ok::<(), tollgate_core::ScheduleError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    hours: Vec<Hours>,
    utc_offset_secs: i32,
}

impl Schedule {
    /// A schedule of these hours, told in local time that is so many seconds ahead of UTC.
    ///
    /// # Errors
    /// [`ScheduleError`] says what is out of its range.
    pub fn new(
        hours: impl IntoIterator<Item = Hours>,
        utc_offset_secs: i32,
    ) -> Result<Self, ScheduleError> {
        let hours: Vec<Hours> =
            hours.into_iter().take(SCHEDULE_HOURS_MAX.saturating_add(1)).collect();
        if hours.len() > SCHEDULE_HOURS_MAX {
            return Err(ScheduleError::TooMany);
        }
        if !is_utc_offset(utc_offset_secs) {
            return Err(ScheduleError::UtcOffset(utc_offset_secs));
        }
        for (index, it) in hours.iter().enumerate() {
            let has_day = (1..=EVERY_DAY).contains(&it.days);
            if !has_day || it.from_min >= DAY_MINUTES || !(1..=DAY_MINUTES).contains(&it.to_min) {
                return Err(ScheduleError::Hours(index));
            }
        }
        Ok(Self { hours, utc_offset_secs })
    }

    /// What is in force at `now`; nothing outside of all hours.
    #[must_use]
    pub fn choice(&self, now: Timestamp) -> Option<usize> {
        let local_ns = self.local_ns(now);
        let weekday = weekday(local_ns.div_euclid(DAY_NS));
        let minute = local_ns.rem_euclid(DAY_NS).div_euclid(MINUTE_NS);
        let in_force = self.hours.iter().find(|hours| hours.contain(weekday, minute));
        in_force.map(|hours| hours.choice)
    }

    /// How long until [`choice`](Self::choice) may be another: hours start or end then.
    /// [`Span::NEVER`] when none does before the end of time.
    #[must_use]
    pub fn changes_after(&self, now: Timestamp) -> Span {
        let local_ns = self.local_ns(now);
        let today_ns = local_ns.rem_euclid(DAY_NS);
        let turns = self.hours.iter().flat_map(|hours| [hours.from_min, hours.to_min]);
        let waits = turns.map(|minute| {
            // Every day has such a minute, whether these hours are of that day or not.
            let wait_ns = i128::from(minute).saturating_mul(MINUTE_NS).saturating_sub(today_ns);
            if wait_ns > 0 { wait_ns } else { wait_ns.saturating_add(DAY_NS) }
        });
        let wait_ns = waits.min().and_then(|wait_ns| u64::try_from(wait_ns).ok());
        wait_ns.map_or(Span::NEVER, |wait_ns| until(now, now.as_nanos().saturating_add(wait_ns)))
    }

    /// Nanoseconds since the local 1970-01-01; negative before.
    fn local_ns(&self, now: Timestamp) -> i128 {
        let ahead_ns = i128::from(self.utc_offset_secs).saturating_mul(SECOND_NS);
        i128::from(now.as_nanos()).saturating_add(ahead_ns)
    }
}

impl Hours {
    fn contain(&self, weekday: u32, minute: i128) -> bool {
        let (from, to) = (i128::from(self.from_min), i128::from(self.to_min));
        let starts_on = |weekday: u32| self.days.unbounded_shr(weekday) & 1 == 1;
        if from < to {
            return starts_on(weekday) && (from..to).contains(&minute);
        }
        let yesterday = weekday.checked_sub(1).unwrap_or(LAST_WEEKDAY);
        (starts_on(weekday) && minute >= from) || (starts_on(yesterday) && minute < to)
    }
}

/// What is wrong with a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleError {
    /// More than [`SCHEDULE_HOURS_MAX`] hours.
    TooMany,
    /// The hours at this position have no day, or minutes that a day doesn't have.
    Hours(usize),
    /// The UTC offset, in seconds, is more than 18 hours.
    UtcOffset(i32),
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => write!(f, "hours: a schedule has at most {SCHEDULE_HOURS_MAX}"),
            Self::Hours(index) => {
                write!(f, "hours[{index}]: must have a day, and minutes from 0 to {DAY_MINUTES}")
            }
            Self::UtcOffset(secs) => {
                write!(f, "utc_offset: must be at most {UTC_OFFSET_SECS_MAX} seconds, not {secs}")
            }
        }
    }
}

impl core::error::Error for ScheduleError {}
