//! What cooldowns answer, case by case.

use tollgate_core::cooldown::{
    Cooldown, Cooldowns, DURATION_MAX, Event, Filter, Reported, SAFETY_PERMILLE_DEFAULT,
    SAFETY_PERMILLE_MAX, TEXT_BYTES_MAX,
};
use tollgate_core::{Id, SKEW_MAX, Span, Timestamp};

use crate::{NOW, after, before, event, filter};

const SECOND_NS: u64 = 1_000_000_000;

fn recorded(events: impl IntoIterator<Item = Event>, now: Timestamp) -> Cooldowns {
    let mut cooldowns = Cooldowns::new();
    for event in events {
        assert_eq!(cooldowns.report(event, now), Ok(Reported::Added));
    }
    cooldowns
}

fn ids(cooldowns: &[&Cooldown]) -> Vec<u128> {
    cooldowns.iter().map(|cooldown| cooldown.event().id().as_u128()).collect()
}

fn refused<T: std::fmt::Debug, E: std::fmt::Display>(result: Result<T, E>) -> String {
    result.unwrap_err().to_string()
}

/// Which of four events answers, for how long, and which are listed, by filter and time.
#[test]
fn filters_and_times() {
    let cooldowns = recorded(
        [
            event(1, "429", Some("large"), 300),
            event(2, "429", Some("small"), 100),
            event(3, "E101", Some("large"), 200),
            event(4, "429", None, 400),
        ],
        NOW,
    );
    let at = |secs| after(NOW, secs * SECOND_NS);
    let last = before(at(400), 1);
    type Row<'a> = (&'a str, Option<&'a str>, Option<&'a str>, Timestamp, &'a [u128]);
    let rows: [Row<'_>; 14] = [
        ("any: the last to expire comes first", None, None, NOW, &[4, 1, 3, 2]),
        ("a code: those with another one don't count", Some("429"), None, NOW, &[4, 1, 2]),
        ("an unknown code", Some("503"), None, NOW, &[]),
        ("a code is matched as a whole", Some("42"), None, NOW, &[]),
        ("a code is matched to the letter", Some("e101"), None, NOW, &[]),
        ("a label: the event without one doesn't count", None, Some("large"), NOW, &[1, 3]),
        ("a label that nobody reported", None, Some("huge"), NOW, &[]),
        ("both: each has to match", Some("429"), Some("large"), NOW, &[1]),
        ("both, with no event in common", Some("E101"), Some("small"), NOW, &[]),
        (
            "one ns before the first expires, it counts",
            None,
            None,
            before(at(100), 1),
            &[4, 1, 3, 2],
        ),
        ("when it expires, it is expired", None, None, at(100), &[4, 1, 3]),
        ("one ns before the last expires, it counts", None, None, last, &[4]),
        ("when the last expires, nothing counts", None, None, at(400), &[]),
        ("at the end of time nothing counts", None, None, Timestamp::MAX, &[]),
    ];
    for (why, code, label, now, expected) in rows {
        let filter = filter(code, label);
        assert_eq!(ids(&cooldowns.active(filter, now)), expected, "{why}");
        let first = cooldowns.limited_by(filter, now);
        assert_eq!(
            first.map(|cooldown| cooldown.event().id().as_u128()),
            expected.first().copied(),
            "{why}"
        );
    }
    let left = |now| cooldowns.limited_by(Filter::ANY, now).unwrap().retry_after(now);
    assert_eq!((left(NOW), left(last)), (Span::from_secs(400), Span::from_nanos(1)));
}

/// Nothing was reported: nothing is limited, listed or cleaned up.
#[test]
fn an_upstream_that_nothing_was_reported_of() {
    let mut cooldowns = Cooldowns::new();
    assert_eq!(cooldowns.limited_by(Filter::ANY, NOW), None);
    assert_eq!(cooldowns.active(Filter::ANY, NOW), Vec::<&Cooldown>::new());
    assert_eq!(cooldowns.clean_up(NOW), 0);
}

/// Events that expire together are listed by id, and the least answers.
#[test]
fn events_that_expire_together() {
    let cooldowns = recorded([9, 2, u128::MAX, 0].map(|id| event(id, "429", None, 60)), NOW);
    assert_eq!(ids(&cooldowns.active(Filter::ANY, NOW)), [0, 2, 9, u128::MAX]);
    assert_eq!(cooldowns.limited_by(Filter::ANY, NOW).unwrap().event().id(), Id::from_u128(0));
}

/// Everything that was reported is told again, and the raw duration is kept.
#[test]
fn fields_are_kept() {
    let event = Event::new(Id::from_u128(5), u64::MAX, "E101", Span::from_secs(300)).unwrap();
    let event = event.with_label("large").unwrap().with_safety(500).unwrap();
    let cooldowns = recorded([event.clone()], NOW);
    let cooldown = cooldowns.limited_by(Filter::ANY, NOW).unwrap();
    assert_eq!(cooldown.event(), &event);
    assert_eq!((event.id().as_u128(), event.source(), event.code()), (5, u64::MAX, "E101"));
    assert_eq!((event.label(), event.safety_permille()), (Some("large"), 500));
    assert_eq!(event.duration(), Span::from_secs(300));
    assert_eq!(cooldown.recorded_at(), NOW);
    assert_eq!(cooldown.expires_at(), NOW.plus(Span::from_secs(150)));
}

/// The counted duration is exact, rounded up to the nanosecond, at both ends of every range.
#[test]
fn counted_durations() {
    let max = DURATION_MAX.as_nanos();
    let rows = [
        ("the default counts four fifths", 300 * SECOND_NS, 800, 240 * SECOND_NS),
        ("one ns is never rounded to nothing", 1, 1, 1),
        ("0.8 ns is 1 ns", 1, 800, 1),
        ("1.6 ns is 2 ns", 2, 800, 2),
        ("exactly 4 ns is not rounded", 5, 800, 4),
        ("a whole factor counts all", 7, 1_000, 7),
        ("the least factor of a second is a millisecond", SECOND_NS, 1, 1_000_000),
        ("a thousandth of the longest", max, 1, max / 1_000),
        ("ten times the longest fits", max, 10_000, max * 10),
    ];
    for (why, nanos, safety, counted) in rows {
        let event = Event::new(Id::from_u128(1), 0, "429", Span::from_nanos(nanos)).unwrap();
        assert_eq!(event.safety_permille(), SAFETY_PERMILLE_DEFAULT);
        let event = event.with_safety(safety).unwrap();
        assert_eq!(event.counted_duration(), Span::from_nanos(counted), "{why}");
    }
}

/// An id that was reported counts once and from the first time, whatever else is said the second time.
#[test]
fn the_same_event_again() {
    let mut cooldowns = recorded([event(1, "429", None, 60)], NOW);
    let once = cooldowns.clone();
    let later = after(NOW, SECOND_NS);
    assert_eq!(cooldowns.report(event(1, "429", None, 60), later), Ok(Reported::Known));
    assert_eq!(cooldowns.report(event(1, "E101", Some("x"), 99), later), Ok(Reported::Known));
    assert_eq!(cooldowns, once);
}

/// Clean-up drops what is expired at this very nanosecond, says how many, and keeps the rest.
#[test]
fn clean_up() {
    let reported = recorded((1..=4).map(|n| event(n, "429", None, 60 * n as u64)), NOW);
    let at = |secs| after(NOW, secs * SECOND_NS);
    let rows = [
        ("at once: nothing is expired", NOW, 0),
        ("one ns before the first expires", before(at(60), 1), 0),
        ("when the first expires", at(60), 1),
        ("between the third and the last", at(200), 3),
        ("when the last expires", at(240), 4),
        ("at the end of time", Timestamp::MAX, 4),
        ("a clock that went back drops nothing", Timestamp::EPOCH, 0),
    ];
    for (why, now, dropped) in rows {
        let mut cooldowns = reported.clone();
        assert_eq!(cooldowns.clean_up(now), dropped, "{why}");
        assert_eq!(cooldowns.all(), &reported.all()[dropped..], "{why}");
        assert_eq!(cooldowns.clean_up(now), 0, "{why}: and a second time nothing");
    }
}

/// An event counts for clocks that are at most [`SKEW_MAX`] behind the one that recorded it.
#[test]
fn events_ahead_of_the_clock() {
    let cooldowns = recorded([event(1, "429", None, 30)], NOW);
    let skew = SKEW_MAX.as_nanos();
    let rows = [
        ("the skew behind: believed, and all of it is left", before(NOW, skew), Some(90)),
        ("a nanosecond more: a broken clock", before(NOW, skew + 1), None),
        ("at the epoch", Timestamp::EPOCH, None),
        ("in time", NOW, Some(30)),
    ];
    for (why, now, left) in rows {
        let limited = cooldowns.limited_by(Filter::ANY, now);
        let left = left.map(Span::from_secs);
        assert_eq!(limited.map(|cooldown| cooldown.retry_after(now)), left, "{why}");
        assert_eq!(cooldowns.active(Filter::ANY, now).len(), usize::from(left.is_some()), "{why}");
    }
    // What a clock near the end of time recorded stops nobody today, not even another event.
    let mut cooldowns = recorded([event(1, "429", None, 1)], before(Timestamp::MAX, 1));
    assert_eq!(cooldowns.report(event(2, "429", None, 30), NOW), Ok(Reported::Added));
    assert_eq!(ids(&cooldowns.active(Filter::ANY, NOW)), [2]);
}

/// Time ends at [`Timestamp::MAX`]: an event expires there at the latest.
#[test]
fn the_end_of_time() {
    let start = before(Timestamp::MAX, 1);
    let cooldowns = recorded([event(1, "429", None, 60)], start);
    let cooldown = cooldowns.limited_by(Filter::ANY, start).unwrap();
    assert_eq!(cooldown.expires_at(), Timestamp::MAX);
    assert_eq!(cooldown.retry_after(start), Span::from_nanos(1));
    assert_eq!(cooldowns.limited_by(Filter::ANY, Timestamp::MAX), None);
}

/// Codes and labels have 1 to 64 bytes, in events and in filters; nothing empty stands for "any".
#[test]
fn texts() {
    assert_eq!(TEXT_BYTES_MAX, 64);
    let make = |code: &str| Event::new(Id::from_u128(1), 0, code, Span::from_secs(1));
    let label = |label: &str| make("429").unwrap().with_label(label);
    let (longest, wide) = ("x".repeat(64), "é".repeat(32));
    for text in ["4", "a b/c:d", "\0", &longest, &wide] {
        assert_eq!(make(text).unwrap().code(), text);
        assert_eq!(label(text).unwrap().label(), Some(text));
        assert!(Filter::ANY.with_code(text).is_ok() && Filter::ANY.with_label(text).is_ok());
    }
    let (too_long, too_wide) = ("x".repeat(65), "é".repeat(33));
    for text in ["", &too_long, &too_wide] {
        let message = format!("must be 1 to 64 bytes, not {}", text.len());
        assert_eq!(refused(make(text)), format!("code: {message}"));
        assert_eq!(refused(label(text)), format!("label: {message}"));
        assert_eq!(refused(Filter::ANY.with_code(text)), format!("code: {message}"));
        assert_eq!(refused(Filter::ANY.with_label(text)), format!("label: {message}"));
    }
}

/// A duration is 1 ns to 366 days, a safety factor 1 to 10000 thousandths.
#[test]
fn numbers() {
    let make = |nanos| Event::new(Id::from_u128(1), 0, "429", Span::from_nanos(nanos));
    let max = 366 * 86_400 * SECOND_NS;
    assert_eq!(DURATION_MAX.as_nanos(), max);
    assert!(make(1).is_ok() && make(max).is_ok());
    assert_eq!(refused(make(0)), "duration: must be longer than nothing");
    for above in [max + 1, u64::MAX] {
        assert_eq!(refused(make(above)), "duration: must be at most 366 days");
    }
    assert_eq!((SAFETY_PERMILLE_DEFAULT, SAFETY_PERMILLE_MAX), (800, 10_000));
    let safety = |permille| make(1).unwrap().with_safety(permille);
    assert!(safety(1).is_ok() && safety(10_000).is_ok());
    for outside in [0, 10_001, u16::MAX] {
        let message = format!("safety_permille: must be 1 to 10000, not {outside}");
        assert_eq!(refused(safety(outside)), message);
    }
}
