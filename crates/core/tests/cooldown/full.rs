//! A full record: what makes room, and what never does.

use tollgate_core::cooldown::{Cooldowns, EVENTS_MAX, Event, Filter, Full, Reported};
use tollgate_core::{SKEW_MAX, Timestamp};

use crate::{NOW, after, before, event};

const SECOND_NS: u64 = 1_000_000_000;

/// A record with 128 events: each has a label of its own, and expires `id` seconds after 1000.
fn full(now: Timestamp) -> Cooldowns {
    let mut cooldowns = Cooldowns::new();
    for id in 0..EVENTS_MAX as u64 {
        let event = event(id.into(), "429", Some(&format!("model-{id}")), 1_000 + id);
        assert_eq!(cooldowns.report(event, now), Ok(Reported::Added));
    }
    cooldowns
}

fn has(cooldowns: &Cooldowns, id: u128) -> bool {
    cooldowns.all().iter().any(|cooldown| cooldown.event().id().as_u128() == id)
}

fn other() -> Event {
    event(1_000, "429", Some("another"), 60)
}

/// A record takes 128 events.
#[test]
fn the_bound() {
    assert_eq!(EVENTS_MAX, 128);
    assert_eq!(full(NOW).active(Filter::ANY, NOW).len(), 128);
}

/// When all 128 make a difference, the next one is refused and nothing is changed.
#[test]
fn nothing_that_counts_is_dropped() {
    let mut cooldowns = full(NOW);
    let unlabelled = event(1_000, "429", None, 9_999);
    let other_code = event(1_000, "E101", Some("model-0"), 9_999);
    for event in [other(), unlabelled, other_code] {
        assert_eq!(cooldowns.report(event, NOW), Err(Full));
        assert_eq!(cooldowns, full(NOW));
    }
    let message = "128 different events are cooling down, the most that a record holds";
    assert_eq!(Full.to_string(), message);
    let again = event(0, "429", Some("model-0"), 9_999);
    assert_eq!(cooldowns.report(again, NOW), Ok(Reported::Known), "but a known one is known");
}

/// All that are expired make room, and not one nanosecond earlier.
#[test]
fn expired_events_make_room() {
    let expiry = after(NOW, 1_002 * SECOND_NS);
    let mut cooldowns = full(NOW);
    assert_eq!(cooldowns.report(other(), before(after(NOW, 1_000 * SECOND_NS), 1)), Err(Full));
    assert_eq!(cooldowns.report(other(), expiry), Ok(Reported::Added));
    assert_eq!(cooldowns.all().len(), EVENTS_MAX - 3 + 1, "those of 1000 to 1002 seconds are gone");
    assert!(!has(&cooldowns, 2) && has(&cooldowns, 3) && has(&cooldowns, 1_000));
}

/// A new event takes the place of one with the same code and label that it outlasts.
#[test]
fn a_longer_event_takes_the_place_of_a_shorter_one() {
    let mut cooldowns = full(NOW);
    let longer = event(1_000, "429", Some("model-5"), 1_006);
    assert_eq!(cooldowns.report(longer, NOW), Ok(Reported::Added));
    assert_eq!(cooldowns.all().len(), EVENTS_MAX);
    assert!(!has(&cooldowns, 5) && has(&cooldowns, 1_000));
}

/// A new event that another one outlasts changes nothing; of two that expire together the least id
/// stays.
#[test]
fn a_shorter_event_is_covered() {
    let same = |id, secs| event(id, "429", Some("model-5"), secs);
    let mut cooldowns = full(NOW);
    assert_eq!(cooldowns.report(same(1_000, 1_004), NOW), Ok(Reported::Covered));
    assert_eq!(cooldowns.report(same(1_000, 1_005), NOW), Ok(Reported::Covered));
    assert_eq!(cooldowns, full(NOW));
    assert_eq!(cooldowns.report(same(1_000, 1_006), NOW), Ok(Reported::Added));
    assert_eq!(cooldowns.report(same(2_000, 1_006), NOW), Ok(Reported::Covered));
    assert_eq!(cooldowns.report(same(500, 1_006), NOW), Ok(Reported::Added));
    assert!(has(&cooldowns, 500) && !has(&cooldowns, 1_000));
}

/// An event that another one covers makes room for a third that neither of them knows.
#[test]
fn a_covered_event_makes_room() {
    let mut cooldowns = Cooldowns::new();
    for id in 0..EVENTS_MAX as u64 {
        let label = format!("model-{}", id / 2);
        let event = event(id.into(), "429", Some(&label), 1_000 + id);
        assert_eq!(cooldowns.report(event, NOW), Ok(Reported::Added));
    }
    assert_eq!(cooldowns.report(other(), NOW), Ok(Reported::Added));
    assert!(!has(&cooldowns, 0) && has(&cooldowns, 1), "the shorter one of model-0 is gone");
}

/// Events from beyond the skew make room last, the furthest first; those within it never do.
#[test]
fn events_of_a_broken_clock_make_room() {
    let skew = SKEW_MAX.as_nanos();
    let mut cooldowns = full(after(NOW, skew));
    assert_eq!(cooldowns.report(other(), NOW), Err(Full));
    let mut cooldowns = full(after(NOW, skew + 1));
    assert_eq!(cooldowns.report(other(), NOW), Ok(Reported::Added));
    assert_eq!(cooldowns.all().len(), EVENTS_MAX, "only one of them had to go");
    assert_eq!(cooldowns.active(Filter::ANY, NOW).len(), 1);
}

/// An event that is too far ahead covers nothing: what counts is not dropped for what doesn't.
#[test]
fn events_of_a_broken_clock_cover_nothing() {
    let mut cooldowns = Cooldowns::new();
    let far = after(NOW, 3_600 * SECOND_NS);
    assert_eq!(
        cooldowns.report(event(5_000, "429", Some("model-5"), 60), far),
        Ok(Reported::Added)
    );
    for cooldown in &full(NOW).all()[..EVENTS_MAX - 1] {
        assert_eq!(cooldowns.report(cooldown.event().clone(), NOW), Ok(Reported::Added));
    }
    assert_eq!(cooldowns.report(other(), NOW), Ok(Reported::Added));
    assert!(has(&cooldowns, 5) && !has(&cooldowns, 5_000));
}
