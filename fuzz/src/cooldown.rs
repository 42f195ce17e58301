//! Cooldowns: any bytes as a record of them, and any story of reports.

use arbitrary::{Error, Result, Unstructured};
use tollgate_core::cooldown::{
    Cooldowns, DURATION_MAX, EVENTS_MAX, Event, Filter, RECORD_BYTES_MAX, Reported,
    SAFETY_PERMILLE_MAX,
};
use tollgate_core::{Id, Timestamp};

use crate::draw::{next_time, span, time};

const STEPS_MAX: usize = 200;
/// Reading and writing all of it is dear, and is done after so many steps.
const STEPS_BETWEEN: usize = 20;
/// More than a record holds.
const IDS: u16 = 300;
const CODES: [&str; 2] = ["429", "E101"];
const LABELS: [&str; 3] = ["", "large", "small"];

/// Reads `bytes` as a record, and takes them as a story.
///
/// # Panics
/// When something does not hold.
pub fn run(bytes: &[u8]) {
    if let Ok(cooldowns) = Cooldowns::decode(bytes) {
        assert_eq!(cooldowns.encode(), bytes, "a record has one form");
        for now in [Timestamp::EPOCH, Timestamp::from_secs(1_800_000_000), Timestamp::MAX] {
            holds(&cooldowns, now);
        }
    }
    // That the bytes ended is all there is to say.
    let _ = story(&mut Unstructured::new(bytes));
}

fn story(bytes: &mut Unstructured<'_>) -> Result<()> {
    let mut cooldowns = Cooldowns::new();
    let mut now = time(bytes)?;
    for turn in 1..=STEPS_MAX {
        if bytes.is_empty() {
            break;
        }
        now = next_time(bytes, now)?;
        if bytes.ratio(1, 8)? {
            let before = cooldowns.all().len();
            assert_eq!(before - cooldowns.clean_up(now), cooldowns.all().len());
            assert_eq!(cooldowns.clean_up(now), 0);
        } else {
            report(&mut cooldowns, event(bytes)?, now);
        }
        if bytes.is_empty() || turn % STEPS_BETWEEN == 0 {
            holds(&cooldowns, now);
        }
    }
    Ok(())
}

/// A report changes the record only where it says so, and is known from then on.
fn report(cooldowns: &mut Cooldowns, event: Event, now: Timestamp) {
    let before = cooldowns.clone();
    match cooldowns.report(event.clone(), now) {
        Ok(Reported::Added) => {
            assert_eq!(cooldowns.report(event, now), Ok(Reported::Known));
        }
        Ok(Reported::Known) | Err(_) => assert_eq!(*cooldowns, before),
        // Expired events may have made room.
        Ok(Reported::Covered) => assert!(cooldowns.all().len() <= before.all().len()),
    }
}

/// What holds of every record.
fn holds(cooldowns: &Cooldowns, now: Timestamp) {
    assert!(cooldowns.all().len() <= EVENTS_MAX);
    let bytes = cooldowns.encode();
    assert!(bytes.len() <= RECORD_BYTES_MAX);
    assert_eq!(Cooldowns::decode(&bytes).as_ref(), Ok(cooldowns));
    let active = cooldowns.active(Filter::ANY, now);
    assert_eq!(cooldowns.limited_by(Filter::ANY, now), active.first().copied());
    assert!(active.iter().all(|cooldown| cooldown.expires_at() > now));
    assert!(active.is_sorted_by(|a, b| a.expires_at() >= b.expires_at()));
}

fn event(bytes: &mut Unstructured<'_>) -> Result<Event> {
    let id = Id::from_u128(bytes.int_in_range(0..=IDS)?.into());
    let (code, label) = (*bytes.choose(&CODES)?, *bytes.choose(&LABELS)?);
    let duration = span(bytes, DURATION_MAX)?;
    let safety = bytes.int_in_range(1..=SAFETY_PERMILLE_MAX)?;
    let event = Event::new(id, 7, code, duration).and_then(|event| event.with_safety(safety));
    let event = event.map_err(|_| Error::IncorrectFormat)?;
    if label.is_empty() {
        return Ok(event);
    }
    event.with_label(label).map_err(|_| Error::IncorrectFormat)
}
