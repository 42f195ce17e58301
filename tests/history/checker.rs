//! Whether a history can be that of a limiter which keeps its promises.
//!
//! A decision was made between the moment when its request was sent and the one when its answer came. So
//! what was admitted *within* a stretch of time is at least what was sent after its start and answered
//! before its end, and that must not be more than the limit allows in such a stretch. The check accepts
//! every true history; it refuses one only if no order of decisions explains it.

use std::time::Duration;

use crate::history::{BUDGET, BURST, End, Event, KEYS, LIMITS, Limit, PER_WINDOW, RATE};

/// What was admitted, of what was allowed, and what of it the store does not know any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) admitted: u64,
    /// Units beyond what a limit allows, of the worst stretch.
    pub(crate) over: u64,
    /// Units that were acknowledged and are not charged.
    pub(crate) lost: u64,
}

/// Checks all keys. `spent` is what each budget has charged in the end; `epoch` is the time of day when
/// the run started, since the Unix epoch.
pub(crate) fn check(history: &[Event], spent: &[u64; KEYS], epoch: Duration) -> Verdict {
    let mut verdict = Verdict::default();
    for (key, spent) in spent.iter().enumerate() {
        for limit in LIMITS {
            let admitted: Vec<Event> = history
                .iter()
                .filter(|it| it.limit == limit && it.key == key && it.end == End::Admitted)
                .copied()
                .collect();
            let units = units(&admitted);
            verdict.admitted += units;
            let over = match limit {
                Limit::Budget => {
                    verdict.lost += units.saturating_sub(*spent);
                    units.saturating_sub(BUDGET)
                }
                Limit::Bucket => over_bucket(&admitted),
                Limit::Window => over_window(&admitted, epoch),
            };
            verdict.over = verdict.over.max(over);
        }
    }
    verdict
}

fn units<'a>(events: impl IntoIterator<Item = &'a Event>) -> u64 {
    events.into_iter().map(|event| event.cost).sum()
}

/// Every stretch that begins when a request was sent and ends when an answer came.
fn over_bucket(admitted: &[Event]) -> u64 {
    let mut by_answer = admitted.to_vec();
    by_answer.sort_unstable_by_key(|event| event.received);
    let worst = admitted.iter().map(|first| {
        let mut sum = 0;
        let within = by_answer.iter().filter(|event| event.sent >= first.sent);
        let over = within.map(|event| {
            sum += event.cost;
            let nanos = (event.received - first.sent).as_nanos();
            // Rounded up: a decision may come a moment before its answer.
            let refilled = (nanos * u128::from(RATE)).div_ceil(1_000_000_000) as u64;
            sum.saturating_sub(BURST + refilled)
        });
        over.max().unwrap_or(0)
    });
    worst.max().unwrap_or(0)
}

/// Every second of the wall clock.
fn over_window(admitted: &[Event], epoch: Duration) -> u64 {
    let window = |time: Duration| (epoch + time).as_secs();
    let mut sums = std::collections::BTreeMap::<u64, u64>::new();
    let inside = admitted.iter().filter(|it| window(it.sent) == window(it.received));
    for event in inside {
        *sums.entry(window(event.sent)).or_default() += event.cost;
    }
    sums.values().map(|sum| sum.saturating_sub(PER_WINDOW)).max().unwrap_or(0)
}

#[test]
fn what_can_not_be_true_is_refused() {
    let ms = Duration::from_millis;
    let event = |limit, cost, sent, received| Event {
        limit,
        key: 0,
        cost,
        sent: ms(sent),
        received: ms(received),
        end: End::Admitted,
    };
    let epoch = Duration::from_secs(1_800_000_000);
    let verdict = |events: &[Event], spent| check(events, &[spent; KEYS], epoch);
    let burst = [event(Limit::Bucket, BURST, 0, 1), event(Limit::Bucket, 2, 2, 20)];
    assert_eq!(verdict(&burst, 0).over, 1, "one came back within 20 ms, and two were admitted");
    let slow = [event(Limit::Bucket, BURST, 0, 1), event(Limit::Bucket, 2, 2, 41)];
    assert_eq!(verdict(&slow, 0).over, 0, "two may have come back");
    let window = [event(Limit::Window, PER_WINDOW, 0, 1), event(Limit::Window, 1, 900, 999)];
    assert_eq!(verdict(&window, 0).over, 1);
    let next = [event(Limit::Window, PER_WINDOW, 0, 1), event(Limit::Window, 1, 900, 1_000)];
    assert_eq!(verdict(&next, 0).over, 0, "it may be of the next window");
    let budget = [event(Limit::Budget, BUDGET, 0, 1), event(Limit::Budget, 1, 5_000, 5_001)];
    assert_eq!((verdict(&budget, BUDGET).over, verdict(&budget, BUDGET).lost), (1, 1));
    assert_eq!(verdict(&budget[..1], BUDGET - 7).lost, 7, "seven were acknowledged and forgotten");
    assert_eq!(verdict(&budget[..1], BUDGET), Verdict { admitted: BUDGET, over: 0, lost: 0 });
}
