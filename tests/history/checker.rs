//! Whether a history can be that of a limiter which keeps its promises.
//!
//! A decision was made between the moment when its request was sent and the one when its answer came. So
//! what was admitted *within* a stretch of time is at least what was sent after its start and answered
//! before its end, and that must not be more than the limit allows in such a stretch. The check accepts
//! every true history; it refuses one only if no order of decisions explains it.

use std::time::Duration;

use crate::history::remembered;
use crate::history::{BUDGET, BURST, End, Event, KEYS, LIMITS, Limit, Loss, PER_WINDOW, RATE};

/// What was admitted, of what was allowed, and what of it the store does not know any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) admitted: u64,
    /// Units beyond what a limit allows, of the worst stretch.
    pub(crate) over: u64,
    /// Units that were acknowledged and are not charged.
    pub(crate) lost: u64,
}

/// What faults make of what is promised.
#[derive(Debug, Clone, Default)]
pub(crate) struct Terms {
    /// When a store forgot something.
    pub(crate) losses: Vec<Loss>,
    /// How often a clock stepped. What it skips comes back at once, and that is a capacity at most.
    pub(crate) clock_steps: u64,
    /// Clocks differ by more than is believed of them, so that only what needs no clock is sure.
    pub(crate) clocks_are_wrong: bool,
}

impl Terms {
    /// Checks what has to be true even so.
    pub(crate) fn check(&self, history: &[Event], spent: &[u64; KEYS], epoch: Duration) -> Verdict {
        let mut parts = remembered(history, &self.losses);
        if self.clocks_are_wrong {
            parts.iter_mut().for_each(|part| part.retain(|it| it.limit == Limit::Budget));
        }
        let last = parts.pop().unwrap_or_default();
        let mut verdict = check(&last, spent, epoch, self.clock_steps);
        for part in parts {
            // What it had charged is gone.
            let over = check(&part, &[BUDGET; KEYS], epoch, self.clock_steps).over;
            verdict.over = verdict.over.max(over);
        }
        verdict
    }
}

/// Checks all keys. `spent` is what each budget has charged in the end; `epoch` is the time of day when
/// the run started, since the Unix epoch.
pub(crate) fn check(
    history: &[Event],
    spent: &[u64; KEYS],
    epoch: Duration,
    clock_steps: u64,
) -> Verdict {
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
                Limit::Bucket => over_bucket(&admitted, BURST * (1 + clock_steps)),
                Limit::Window => over_window(&admitted, epoch, PER_WINDOW * (1 + clock_steps)),
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
fn over_bucket(admitted: &[Event], burst: u64) -> u64 {
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
            sum.saturating_sub(burst + refilled)
        });
        over.max().unwrap_or(0)
    });
    worst.max().unwrap_or(0)
}

/// Every second of the wall clock.
fn over_window(admitted: &[Event], epoch: Duration, per_window: u64) -> u64 {
    let window = |time: Duration| (epoch + time).as_secs();
    let mut sums = std::collections::BTreeMap::<u64, u64>::new();
    let inside = admitted.iter().filter(|it| window(it.sent) == window(it.received));
    for event in inside {
        *sums.entry(window(event.sent)).or_default() += event.cost;
    }
    sums.values().map(|sum| sum.saturating_sub(per_window)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: Duration = Duration::from_secs(1_800_000_000);

    fn event(limit: Limit, cost: u64, sent: u64, received: u64) -> Event {
        let (sent, received) = (Duration::from_millis(sent), Duration::from_millis(received));
        Event { limit, key: 0, cost, sent, received, end: End::Admitted }
    }

    fn verdict(events: &[Event], spent: u64) -> Verdict {
        check(events, &[spent; KEYS], EPOCH, 0)
    }

    #[test]
    fn what_can_not_be_true_is_refused() {
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
        let lost = verdict(&budget[..1], BUDGET - 7).lost;
        assert_eq!(lost, 7, "seven were acknowledged and forgotten");
        let true_one = verdict(&budget[..1], BUDGET);
        assert_eq!(true_one, Verdict { admitted: BUDGET, over: 0, lost: 0 });
    }

    /// A store that begins anew may admit everything anew, once; one that lost its last moments may have
    /// lost what it acknowledged in them, and nothing else.
    #[test]
    fn what_a_store_forgot_is_all_that_is_excused() {
        let ms = Duration::from_millis;
        let loss = |of_everything| Terms {
            losses: vec![Loss { during: ms(100)..ms(200), of_everything }],
            ..Terms::default()
        };
        let over_and_lost = |terms: Terms, events: &[Event], spent| {
            let verdict = terms.check(events, &[spent; KEYS], EPOCH);
            (verdict.over, verdict.lost)
        };
        let twice = [event(Limit::Budget, BUDGET, 0, 99), event(Limit::Budget, BUDGET, 201, 202)];
        assert_eq!(over_and_lost(loss(true), &twice, BUDGET), (0, 0));
        assert_eq!(over_and_lost(loss(false), &twice, BUDGET), (BUDGET, BUDGET));
        assert_eq!(over_and_lost(loss(true), &twice, BUDGET - 1), (0, 1));
        let before = [event(Limit::Budget, BUDGET, 0, 1), event(Limit::Budget, 3, 2, 3)];
        assert_eq!(over_and_lost(loss(true), &before, 0), (3, 0));
        let last = [event(Limit::Budget, 5, 0, 99), event(Limit::Budget, 7, 99, 100)];
        assert_eq!(over_and_lost(loss(false), &last, 5), (0, 0));
        assert_eq!(over_and_lost(loss(false), &last, 4), (0, 1));
    }

    #[test]
    fn a_clock_that_steps_gives_a_capacity_back_once() {
        let stepped = |clock_steps| Terms { clock_steps, ..Terms::default() };
        for (limit, capacity) in [(Limit::Bucket, BURST), (Limit::Window, PER_WINDOW)] {
            let twice = [event(limit, capacity, 0, 1), event(limit, capacity + 1, 2, 3)];
            let over = |terms: Terms| terms.check(&twice, &[0; KEYS], EPOCH).over;
            assert!(over(stepped(0)) >= capacity);
            assert!(over(stepped(1)) <= 1);
            assert_eq!(over(stepped(2)), 0);
            assert_eq!(over(Terms { clocks_are_wrong: true, ..Terms::default() }), 0);
        }
    }
}
