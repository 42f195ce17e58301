//! What holds of cooldowns whatever is reported, and when.

use proptest::prelude::*;
use tollgate_core::cooldown::{
    Cooldowns, DURATION_MAX, EVENTS_MAX, Event, Full, RECORD_BYTES_MAX, Reported,
    SAFETY_PERMILLE_MAX,
};
use tollgate_core::{Id, SKEW_MAX, Span, Timestamp};

use crate::naive::{CODES, LABELS, Naive, answer, ids, questions};
use crate::support::{config, magnitude, time};
use crate::{after, before, filter};

/// Any event with an id below `ids`.
pub(crate) fn any_event(ids: u128) -> impl Strategy<Value = Event> {
    let numbers = (any::<u64>(), magnitude(1, DURATION_MAX.as_nanos()), 1..=SAFETY_PERMILLE_MAX);
    (0..ids, 0..CODES.len(), 0..LABELS.len(), numbers).prop_map(|(id, code, label, numbers)| {
        let (source, nanos, safety) = numbers;
        // Half of them have the default factor or last a few seconds.
        let nanos = if source % 2 == 0 { 1 + nanos % 10_000_000_000 } else { nanos };
        let event =
            Event::new(Id::from_u128(id), source, CODES[code], Span::from_nanos(nanos)).unwrap();
        let event = if source % 4 < 2 { event } else { event.with_safety(safety).unwrap() };
        match LABELS[label] {
            Some(label) => event.with_label(label).unwrap(),
            None => event,
        }
    })
}

/// What a schedule does next.
#[derive(Debug, Clone)]
enum Step {
    Report(Event),
    Wait(u64),
    /// Until the event that answers expires, or a nanosecond before.
    WaitForExpiry {
        early: bool,
    },
    /// A clock that is behind by so much asks.
    GoBack(u64),
    CleanUp,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => any_event(40).prop_map(Step::Report),
        2 => magnitude(1, DURATION_MAX.as_nanos()).prop_map(Step::Wait),
        2 => any::<bool>().prop_map(|early| Step::WaitForExpiry { early }),
        1 => magnitude(1, 4 * SKEW_MAX.as_nanos()).prop_map(Step::GoBack),
        1 => Just(Step::CleanUp),
    ];
    proptest::collection::vec(step, 1..40)
}

/// The record and the list, side by side. The list forgets only what a clean-up dropped.
#[derive(Debug)]
struct Pair {
    cooldowns: Cooldowns,
    naive: Naive,
    now: Timestamp,
}

impl Pair {
    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Report(event) => {
                let is_new = self.naive.events.iter().all(|(known, _)| known.id() != event.id());
                let reported = if is_new { Reported::Added } else { Reported::Known };
                prop_assert_eq!(self.cooldowns.report(event.clone(), self.now), Ok(reported));
                if is_new {
                    self.naive.events.push((event, self.now));
                }
            }
            Step::Wait(nanos) => self.now = after(self.now, nanos),
            Step::WaitForExpiry { early } => {
                if let Some(last) = self.cooldowns.limited_by(filter(None, None), self.now) {
                    self.now = before(last.expires_at(), u64::from(early));
                }
            }
            Step::GoBack(nanos) => {
                self.now = Timestamp::from_nanos(self.now.as_nanos().saturating_sub(nanos));
            }
            Step::CleanUp => {
                let (now, before) = (self.now, self.naive.events.len());
                self.naive.events.retain(|(event, at)| at.plus(event.counted_duration()) > now);
                let dropped = before - self.naive.events.len();
                prop_assert_eq!(self.cooldowns.clean_up(now), dropped);
            }
        }
        Ok(())
    }

    fn agree(&self) -> Result<(), TestCaseError> {
        for (code, label) in questions() {
            let expected = self.naive.active(code, label, self.now);
            let active = self.cooldowns.active(filter(code, label), self.now);
            prop_assert_eq!(&ids(&active), &expected);
            let answer = answer(&self.cooldowns, code, label, self.now);
            prop_assert_eq!(answer, expected.first().copied());
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(config())]

    /// At every step of every schedule, on clocks that go forward and back, all questions get the
    /// answers of a list of all events.
    #[test]
    fn answers_are_those_of_a_list(start in time(), steps in steps()) {
        let mut pair =
            Pair { cooldowns: Cooldowns::new(), naive: Naive::default(), now: start };
        for step in steps {
            pair.take(step)?;
            pair.agree()?;
            let bytes = pair.cooldowns.encode();
            prop_assert!(bytes.len() <= RECORD_BYTES_MAX);
            prop_assert_eq!(&Cooldowns::decode(&bytes).unwrap(), &pair.cooldowns);
        }
    }

    /// A record that overflows again and again gives the answers of a list that never does, now and
    /// later.
    #[test]
    fn a_full_record_gives_the_answers_of_a_list(
        start in time(),
        first in proptest::collection::vec(any_event(u128::MAX), EVENTS_MAX),
        more in proptest::collection::vec((any_event(u128::MAX), magnitude(1, 1 << 40)), 1..8),
        later in magnitude(1, DURATION_MAX.as_nanos()),
    ) {
        let (mut cooldowns, mut naive, mut now) = (Cooldowns::new(), Naive::default(), start);
        for event in first {
            prop_assert_eq!(cooldowns.report(event.clone(), now), Ok(Reported::Added));
            naive.events.push((event, now));
        }
        for (event, wait) in more {
            now = after(now, wait);
            // There are nine pairs of code and label, so one is always covered.
            prop_assert_ne!(cooldowns.report(event.clone(), now), Err(Full));
            naive.events.push((event, now));
            prop_assert!(cooldowns.all().len() <= EVENTS_MAX);
            for now in [now, after(now, later)] {
                for (code, label) in questions() {
                    let expected = naive.active(code, label, now).first().copied();
                    prop_assert_eq!(answer(&cooldowns, code, label, now), expected);
                }
            }
        }
    }

    /// An event counts to the nanosecond before it expires, and not at that one; the time left is
    /// exactly what there is to wait.
    #[test]
    fn retry_after_is_exact(now in time(), event in any_event(1), part in any::<u64>()) {
        prop_assume!(now < Timestamp::MAX);
        let mut cooldowns = Cooldowns::new();
        prop_assert_eq!(cooldowns.report(event.clone(), now), Ok(Reported::Added));
        let limited = |now| cooldowns.limited_by(filter(None, None), now);
        let then = after(now, part % event.counted_duration().as_nanos());
        if let Some(cooldown) = limited(then) {
            let retry = then.plus(cooldown.retry_after(then));
            prop_assert!(limited(before(retry, 1)).is_some());
            prop_assert!(limited(retry).is_none());
        } else {
            prop_assert_eq!(then, Timestamp::MAX);
        }
    }

    /// Reporting an event again changes nothing, at whatever time.
    #[test]
    fn a_report_counts_once(
        reports in proptest::collection::vec((any_event(u128::MAX), time()), 1..20),
        again in time(),
    ) {
        let mut cooldowns = Cooldowns::new();
        for (event, now) in &reports {
            prop_assert!(cooldowns.report(event.clone(), *now).is_ok());
        }
        let once = cooldowns.encode();
        for (event, _) in reports {
            prop_assert_eq!(cooldowns.report(event, again), Ok(Reported::Known));
        }
        prop_assert_eq!(cooldowns.encode(), once);
    }

    /// The same events in another order are the same bytes.
    #[test]
    fn order_leaves_no_trace(
        (reports, shuffled) in proptest::collection::vec((any_event(u128::MAX), time()), 1..20)
            .prop_flat_map(|reports| (Just(reports.clone()), Just(reports).prop_shuffle())),
    ) {
        let bytes = |reports: Vec<(Event, Timestamp)>| {
            let mut cooldowns = Cooldowns::new();
            for (event, now) in reports {
                assert_eq!(cooldowns.report(event, now), Ok(Reported::Added));
            }
            cooldowns.encode()
        };
        prop_assert_eq!(bytes(reports), bytes(shuffled));
    }
}
