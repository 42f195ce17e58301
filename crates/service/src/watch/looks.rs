//! Polls of a log, shared by all its watchers in one process. The log is loaded twice a second, however many
//! watchers there are, and the record of a recovering capacity once for each step.
//!
//! All watchers poll at the same times. The first one loads the log; the others wait for it and share its result,
//! including an error of the store. If it is dropped while loading, the next one loads instead.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::lock::Mutex;
use tollgate_core::{Span, Timestamp};
use tollgate_store::Clock;

use super::log::Log;
use super::records::Records;
use crate::problem::Problem;

/// How often a watcher polls the store.
pub(super) const LOOK_INTERVAL: Span = Span::from_millis(500);

/// One process's polls of one log.
#[derive(Debug)]
pub(super) struct Looks {
    /// When the first look was due; all others are whole intervals later.
    since: Timestamp,
    /// How many looks have begun.
    begun: AtomicU64,
    last: Mutex<Look>,
}

#[derive(Debug, Default)]
struct Look {
    /// 0 before the first look.
    number: u64,
    began: Timestamp,
    found: Option<Found>,
}

/// What a look shows to all watchers that share it.
#[derive(Debug)]
pub(super) struct Sight {
    /// When the look began. Its data is from then or later, and is sent as of then.
    pub(super) began: Timestamp,
    pub(super) log: Log,
    pub(super) records: Records,
}

/// What a look found, or why it failed.
pub(super) type Found = Result<Arc<Sight>, Problem>;

/// The last look that is no news to a watcher: one it has seen, or one begun before it joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen(u64);

impl Looks {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { since: now, begun: AtomicU64::new(0), last: Mutex::default() }
    }

    /// The starting point of a watcher that joins now.
    pub(super) fn join(&self) -> Seen {
        Seen(self.begun.load(Ordering::Relaxed))
    }

    /// When all watchers look next.
    pub(super) fn next_after(&self, now: Timestamp) -> Timestamp {
        let interval = LOOK_INTERVAL.as_nanos();
        let over = now.since(self.since).as_nanos() % interval;
        now.plus(Span::from_nanos(interval - over))
    }

    /// The log as it was at `due` or later: the result another watcher already has, or else loaded now.
    pub(super) async fn look<C: Clock>(
        &self,
        due: Timestamp,
        seen: &mut Seen,
        clock: &C,
        load: impl Future<Output = Result<Log, Problem>>,
    ) -> Found {
        let mut last = self.last.lock().await;
        let began = clock.now();
        // A look that began later than now is from before the clock was set back, and may be old.
        let is_due = due <= last.began && last.began <= began && last.number > seen.0;
        let found = match last.found.clone().filter(|_| is_due) {
            Some(found) => found,
            None => {
                let number = self.begun.fetch_add(1, Ordering::Relaxed) + 1;
                let seen = |log| Arc::new(Sight { began, log, records: Records::default() });
                let found = load.await.map(seen);
                *last = Look { number, began, found: Some(found.clone()) };
                found
            }
        };
        *seen = Seen(last.number);
        found
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::cell::Cell;
    use std::task::Poll;

    use futures::FutureExt as _;
    use futures::executor::block_on;
    use futures::future::{join_all, poll_fn};
    use tollgate_store::ManualClock;

    use super::*;

    const START: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn at(millis: u64) -> Timestamp {
        START.plus(Span::from_millis(millis))
    }

    struct World {
        looks: Looks,
        clock: ManualClock,
        loads: Cell<u64>,
    }

    /// Yields to the other futures once.
    async fn others_go_on() {
        let mut is_over = false;
        poll_fn(|context| {
            context.waker().wake_by_ref();
            if std::mem::replace(&mut is_over, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    impl World {
        fn new() -> Self {
            let clock = ManualClock::default();
            clock.set(START);
            Self { looks: Looks::new(START), clock, loads: Cell::new(0) }
        }

        /// One look by a watcher that yields to the others while the log loads.
        async fn look(&self, due: Timestamp, seen: &mut Seen, works: bool) -> bool {
            let load = async {
                self.loads.set(self.loads.get() + 1);
                others_go_on().await;
                if works { Ok(Log::default()) } else { Err(Problem::unavailable()) }
            };
            self.looks.look(due, seen, &self.clock, load).await.is_ok()
        }
    }

    #[test]
    fn those_who_look_at_the_same_time_load_once() {
        let world = World::new();
        let mut watchers = vec![world.looks.join(); 64];
        for (round, works) in [true, true, false, true].into_iter().enumerate() {
            let due = at(500 * round as u64);
            world.clock.set(due);
            let looks = watchers.iter_mut().map(|seen| world.look(due, seen, works));
            let found = block_on(join_all(looks));
            assert_eq!(found, [works; 64], "also that the store failed");
            assert_eq!(world.loads.get(), round as u64 + 1);
        }
    }

    /// No watcher gets a look from before it joined, or from before its own was due.
    #[test]
    fn an_old_look_is_nobodys() {
        let world = World::new();
        let mut early = world.looks.join();
        block_on(world.look(at(0), &mut early, true));
        let mut late = world.looks.join();
        block_on(world.look(at(0), &mut late, true));
        assert_eq!(world.loads.get(), 2, "in the same moment, but it was there before");
        world.clock.set(at(500));
        block_on(world.look(at(500), &mut early, true));
        assert_eq!(world.loads.get(), 3);
        block_on(world.look(at(500), &mut late, true));
        assert_eq!(world.loads.get(), 3);
        world.clock.set(at(100));
        block_on(world.look(at(400), &mut late, true));
        assert_eq!(world.loads.get(), 4, "the clock was set back");
        world.clock.set(at(300));
        block_on(world.look(at(50), &mut late, true));
        assert_eq!(world.loads.get(), 5, "its own last look is not news");
    }

    /// If the watcher that loads is dropped, the next one loads.
    #[test]
    fn who_goes_away_is_followed_by_the_next() {
        let world = World::new();
        let mut seen = [world.looks.join(); 2];
        let [first, second] = &mut seen;
        {
            let mut gone = Box::pin(world.look(at(0), first, true));
            assert!(gone.as_mut().now_or_never().is_none(), "it loads");
            let mut waits = Box::pin(world.look(at(0), second, true));
            assert!(waits.as_mut().now_or_never().is_none());
            drop(gone);
            assert!(block_on(waits));
        }
        assert_eq!(world.loads.get(), 2);
    }

    #[test]
    fn everybody_looks_at_the_same_times() {
        let looks = Looks::new(START);
        for (now, next) in [(0, 500), (1, 500), (499, 500), (500, 1_000), (1_234, 1_500)] {
            assert_eq!(looks.next_after(at(now)), at(next));
        }
        let before = Timestamp::from_secs(1_000);
        assert_eq!(looks.next_after(before), before.plus(LOOK_INTERVAL), "after it was set back");
    }
}
