//! Which policy is in force when.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use proptest::prelude::*;
use support::{config, time};
use tollgate_core::{
    Hours, Limit, Policy, Record, SCHEDULE_HOURS_MAX, Schedule, ScheduleError, Span, Timestamp,
    UTC_OFFSET_SECS_MAX, Verdict,
};

const MINUTE_NS: u64 = 60_000_000_000;
const DAY_NS: u64 = 24 * 60 * MINUTE_NS;
const EVERY_DAY: u8 = 0b111_1111;
/// 2024-01-01 00:00 UTC, a Monday.
const MONDAY: Timestamp = Timestamp::from_secs(1_704_067_200);

fn at(day: u64, minute: u64) -> Timestamp {
    MONDAY.plus(Span::from_nanos(day * DAY_NS + minute * MINUTE_NS))
}

const fn hours(days: u8, from_min: u16, to_min: u16, choice: usize) -> Hours {
    Hours { days, from_min, to_min, choice }
}

/// A week's nights from Friday 22:00 to 06:00, before anything else at noon.
#[test]
fn hours_start_and_end_to_the_nanosecond() {
    let night = hours(0b001_0000, 22 * 60, 6 * 60, 1);
    let noon = hours(EVERY_DAY, 12 * 60, 13 * 60, 2);
    let schedule = Schedule::new([night, noon], 0).unwrap();
    let just_before = |time: Timestamp| Timestamp::from_nanos(time.as_nanos() - 1);
    let rows = [
        ("Friday, just before the night", just_before(at(4, 22 * 60)), None),
        ("Friday, as it starts", at(4, 22 * 60), Some(1)),
        ("Saturday, still that night", just_before(at(5, 6 * 60)), Some(1)),
        ("Saturday, as it ends", at(5, 6 * 60), None),
        ("Saturday has no night of its own", at(5, 22 * 60), None),
        ("Noon of any day", at(6, 12 * 60), Some(2)),
        ("Noon is over", at(6, 13 * 60), None),
    ];
    for (why, now, choice) in rows {
        assert_eq!(schedule.choice(now), choice, "{why}");
    }
}

/// The first hours that it is are in force, and the offset moves all of them.
#[test]
fn the_first_hours_count_in_local_time() {
    let schedule = Schedule::new([hours(1, 0, 60, 7), hours(1, 0, 1_440, 8)], 3_600).unwrap();
    let an_hour_earlier = Timestamp::from_nanos(MONDAY.as_nanos() - 60 * MINUTE_NS);
    assert_eq!(schedule.choice(an_hour_earlier), Some(7), "Monday starts an hour before UTC's");
    assert_eq!(schedule.choice(MONDAY), Some(8));
    assert_eq!(schedule.choice(at(0, 23 * 60)), None, "and ends an hour before");
}

/// Business hours of 500, else 100: what was used stays used when the hour changes.
#[test]
fn a_key_keeps_what_it_used_when_the_hour_changes() {
    let hour = Span::from_secs(3_600);
    let of =
        |units| Policy::new([Limit::token_bucket("ops", units, units, hour).unwrap()]).unwrap();
    let policies = [of(100), of(500)];
    let schedule = Schedule::new([hours(0b001_1111, 540, 1_020, 1)], 0).unwrap();
    let policy = |now| &policies[schedule.choice(now).unwrap_or(0)];

    let busy = at(0, 1_019);
    let mut record = Record::new(policy(busy));
    let all = policy(busy).costs([("ops", 500)]).unwrap().into();
    assert_eq!(policy(busy).apply(&mut record, &all, busy).verdict(), Verdict::Allowed);
    let quiet = busy.plus(schedule.changes_after(busy));
    assert_eq!(policy(quiet).limits()[0].capacity(), 100);
    let bytes = record.encode(policy(busy));
    let mut record = Record::decode(policy(quiet), &bytes).unwrap();
    let one = policy(quiet).costs([("ops", 2)]).unwrap().into();
    assert_eq!(policy(quiet).apply(&mut record, &one, quiet).verdict(), Verdict::Limited);
}

/// What is out of its range is named.
#[test]
fn schedules_are_validated() {
    let error = |hours: Hours| Schedule::new([hours], 0).unwrap_err();
    for bad in [
        hours(0, 0, 1, 0),
        hours(0b1000_0000, 0, 1, 0),
        hours(1, 1_440, 1, 0),
        hours(1, 0, 0, 0),
        hours(1, 0, 1_441, 0),
    ] {
        assert_eq!(error(bad), ScheduleError::Hours(0), "{bad:?}");
    }
    assert_eq!(error(hours(0, 0, 1, 0)).to_string().split(':').next(), Some("hours[0]"));
    let many = [hours(1, 0, 1, 0)].into_iter().cycle();
    assert_eq!(Schedule::new(many.clone(), 0).unwrap_err(), ScheduleError::TooMany);
    assert!(Schedule::new(many.take(SCHEDULE_HOURS_MAX), UTC_OFFSET_SECS_MAX).is_ok());
    let offset = UTC_OFFSET_SECS_MAX + 1;
    assert_eq!(Schedule::new([], offset).unwrap_err(), ScheduleError::UtcOffset(offset));
    assert_eq!(Schedule::new([], 0).unwrap().changes_after(MONDAY), Span::NEVER);
}

proptest! {
    #![proptest_config(config())]

    /// Until it says that it may change, the choice does not; and it looks at the week alone.
    #[test]
    fn the_choice_stays_until_it_may_change(
        raw in proptest::collection::vec((1..=EVERY_DAY, 0..1_440_u16, 1..=1_440_u16), 1..6),
        offset in -UTC_OFFSET_SECS_MAX..=UTC_OFFSET_SECS_MAX,
        now in time(),
        part in 0..1_000_u64,
    ) {
        let numbered = raw.into_iter().enumerate();
        let all = numbered.map(|(choice, (days, from, to))| hours(days, from, to, choice));
        let schedule = Schedule::new(all, offset).unwrap();
        let span = schedule.changes_after(now);
        if span.is_never() {
            prop_assert!(now.plus(Span::from_nanos(DAY_NS)) == Timestamp::MAX, "there is no tomorrow");
            return Ok(());
        }
        prop_assert!(span > Span::ZERO && span.as_nanos() <= DAY_NS);
        let before = u128::from(span.as_nanos() - 1) * u128::from(part) / 999;
        let then = now.plus(Span::from_nanos(u64::try_from(before).unwrap()));
        prop_assert_eq!(schedule.choice(now), schedule.choice(then));
        let next_week = now.plus(Span::from_nanos(7 * DAY_NS));
        if next_week < Timestamp::MAX {
            prop_assert_eq!(schedule.choice(now), schedule.choice(next_week));
        }
    }
}
