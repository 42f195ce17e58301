//! What lines promise beside exactness: few operations, the order of joining, fresh answers, bounds.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Waker};

use futures::executor::block_on;
use futures::future::{join, join_all};
use tollgate_core::{ATTEMPTS_MAX, DECISION_TIME_MAX, Span, Timestamp};
use tollgate_store::{
    Answer, BATCH_MAX, Combiner, DriveError, Loaded, ManualClock, MemoryStore, Store, StoreError,
    Swap, WAITING_MAX,
};

use crate::world::{Faults, Lots, SlowStore, sold, ticket};

type Tickets = Combiner<u32, Option<u32>, ()>;

#[test]
fn requests_that_wait_share_one_load_and_one_swap() {
    let (lots, clock, lines) = (Lots::new(1), ManualClock::default(), Tickets::default());
    let store = SlowStore::new(&lots, 3, Faults::default());
    let requests = (0..64).map(|_| lines.drive(&store, &clock, "k", 100, ticket));
    let answers = block_on(join_all(requests));
    assert!(answers.iter().all(|answer| matches!(answer, Ok(Some(_)))));
    assert!(store.operations.get() <= 4, "{} operations", store.operations.get());
}

#[test]
fn the_line_is_served_in_the_order_in_which_it_was_joined() {
    let (lots, clock, lines) = (Lots::new(2), ManualClock::default(), Tickets::default());
    let store = SlowStore::new(&lots, 3, Faults { conflicts: 30, ..Faults::default() });
    let count = 3 * u32::try_from(BATCH_MAX).unwrap();
    let requests = (0..count).map(|_| lines.drive(&store, &clock, "k", count, ticket));
    let tickets: Vec<_> = block_on(join_all(requests)).into_iter().map(|it| it.unwrap()).collect();
    assert_eq!(tickets, (0..count).map(Some).collect::<Vec<_>>());
}

#[test]
fn a_request_alone_costs_what_it_costs_without_a_line() {
    let (lots, clock, lines) = (Lots::new(3), ManualClock::default(), Tickets::default());
    let store = SlowStore::new(&lots, 0, Faults::default());
    let one = |tickets| block_on(lines.drive(&store, &clock, "k", tickets, ticket));
    assert_eq!((one(1), store.operations.get()), (Ok(Some(0)), 2));
    assert_eq!((one(1), store.operations.get()), (Ok(None), 3), "a denial swaps nothing");
}

#[test]
fn keys_have_lines_of_their_own() {
    let (store, clock, lines) =
        (MemoryStore::default(), ManualClock::default(), Tickets::default());
    let ask = |key| lines.drive(&store, &clock, key, 5, ticket);
    assert_eq!(block_on(join(ask("a"), ask("b"))), (Ok(Some(0)), Ok(Some(0))));
}

#[test]
fn a_full_store_is_told_to_everyone_who_shared_the_swap() {
    let (lots, clock, lines) = (Lots::new(4), ManualClock::default(), Tickets::default());
    for faults in [
        Faults { failed_loads: 100, ..Faults::default() },
        Faults { unclear_swaps: 100, ..Faults::default() },
    ] {
        let store = SlowStore::new(&lots, 2, faults);
        let requests = (0..8).map(|_| lines.drive(&store, &clock, "k", 100, ticket));
        let broken = DriveError::Store(StoreError::Unavailable("pulled the plug".into()));
        assert_eq!(block_on(join_all(requests)), vec![Err(broken); 8]);
    }
}

#[test]
fn attempts_are_bounded_for_each_and_nothing_is_charged_then() {
    let (lots, clock, lines) = (Lots::new(5), ManualClock::default(), Tickets::default());
    let store = SlowStore::new(&lots, 2, Faults { conflicts: 100, ..Faults::default() });
    let requests = (0..8).map(|_| lines.drive(&store, &clock, "k", 100, ticket));
    assert_eq!(block_on(join_all(requests)), vec![Err(DriveError::Busy); 8]);
    // One more load and swap for each time that somebody was late for a batch.
    assert!(store.operations.get() <= 2 * (ATTEMPTS_MAX + 1), "{}", store.operations.get());
    assert_eq!(block_on(store.records.load("k")).unwrap().record, None);
}

#[test]
fn who_cannot_be_decided_does_not_concern_the_others() {
    let (store, clock, lines) =
        (MemoryStore::default(), ManualClock::default(), Combiner::default());
    let ask = |record: Option<&[u8]>, bad: &bool, now| {
        if *bad { Err("bad") } else { ticket(record, &9, now).map_err(|()| "no") }
    };
    let requests = [false, true, false].map(|bad| lines.drive(&store, &clock, "k", bad, ask));
    let bad = Err(DriveError::Ask("bad"));
    assert_eq!(block_on(join_all(requests)), [Ok(Some(0)), bad, Ok(Some(1))]);
}

/// Who begins after somebody else's write sees it, although the load that it could share was earlier.
#[test]
fn a_denial_is_never_older_than_its_request() {
    let (store, clock, lines) =
        (MemoryStore::default(), ManualClock::default(), Tickets::default());
    let (empty, full) = (0_u32.to_le_bytes(), 1_u32.to_le_bytes());
    assert_eq!(block_on(store.swap("k", None, &full, Span::NEVER)), Ok(Swap::Done));
    let store = Paused { store, reads: Cell::new(0) };
    let mut context = Context::from_waker(Waker::noop());
    let mut early = pin!(lines.drive(&store, &clock, "k", 1, ticket));
    assert!(early.as_mut().poll(&mut context).is_pending(), "it has loaded the full record");
    // Another process gives the ticket back; then a request begins here.
    let given_back = store.store.swap("k", Some(full.to_vec()), &empty, Span::NEVER);
    assert_eq!(block_on(given_back), Ok(Swap::Done));
    let mut late = pin!(lines.drive(&store, &clock, "k", 1, ticket));
    assert!(late.as_mut().poll(&mut context).is_pending(), "it stands behind the first");
    assert_eq!(block_on(join(early, late)), (Ok(None), Ok(Some(0))));
}

/// A store whose first load answers one turn after it has read.
struct Paused {
    store: MemoryStore,
    reads: Cell<u32>,
}

impl Store for Paused {
    type Token = Option<Vec<u8>>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        let seen = self.store.load(key).await;
        self.reads.set(self.reads.get() + 1);
        if self.reads.get() == 1 {
            crate::world::turn().await;
        }
        seen
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        self.store.swap(key, token, record, forget_after).await
    }
}

#[test]
fn who_went_away_before_its_turn_is_not_charged() {
    let (clock, lines) = (ManualClock::default(), Tickets::default());
    let store = Paused { store: MemoryStore::default(), reads: Cell::new(0) };
    let mut context = Context::from_waker(Waker::noop());
    let mut first = pin!(lines.drive(&store, &clock, "k", 9, ticket));
    assert!(first.as_mut().poll(&mut context).is_pending(), "it leads");
    for _ in 0..3 {
        let mut gone = Box::pin(lines.drive(&store, &clock, "k", 9, ticket));
        assert!(gone.as_mut().poll(&mut context).is_pending(), "it waits");
    }
    let last = lines.drive(&store, &clock, "k", 9, ticket);
    assert_eq!(block_on(join(first, last)), (Ok(Some(0)), Ok(Some(1))));
}

#[test]
fn who_waited_for_too_long_is_told_so() {
    let (clock, lines) = (ManualClock::default(), Tickets::default());
    let store = Paused { store: MemoryStore::default(), reads: Cell::new(0) };
    let mut context = Context::from_waker(Waker::noop());
    let mut first = pin!(lines.drive(&store, &clock, "k", 9, ticket));
    assert!(first.as_mut().poll(&mut context).is_pending(), "it leads");
    let mut second = pin!(lines.drive(&store, &clock, "k", 9, ticket));
    assert!(second.as_mut().poll(&mut context).is_pending(), "it waits");
    clock.set(Timestamp::EPOCH.plus(DECISION_TIME_MAX).plus(Span::from_nanos(1)));
    assert_eq!(block_on(join(first, second)), (Ok(Some(0)), Err(DriveError::TimedOut)));
}

#[test]
fn more_than_a_line_holds_are_still_decided_exactly() {
    let (lots, clock, lines) = (Lots::new(6), ManualClock::default(), Tickets::default());
    let store = SlowStore::new(&lots, 1, Faults::default());
    let count = u32::try_from(WAITING_MAX + BATCH_MAX + 20).unwrap();
    let requests = (0..count).map(|_| lines.drive(&store, &clock, "k", 50, ticket));
    let answers = block_on(join_all(requests));
    let admitted = answers.iter().filter(|answer| matches!(answer, Ok(Some(_)))).count();
    assert_eq!(admitted, 50);
}

#[test]
fn threads_share_a_line() {
    const TICKETS: u32 = 1_000;
    let (store, clock, lines) =
        (MemoryStore::default(), ManualClock::default(), Tickets::default());
    let admitted = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..TICKETS / 4 {
                    let answer = block_on(lines.drive(&store, &clock, "k", TICKETS, ticket));
                    let admission = u32::from(answer.unwrap().is_some());
                    admitted.fetch_add(admission, Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(admitted.load(Ordering::SeqCst), TICKETS);
    assert_eq!(sold(block_on(store.load("k")).unwrap().record.as_deref()), TICKETS);
}

/// Compiles only if a host may move a request between threads.
#[test]
fn a_request_can_be_moved_to_another_thread() {
    fn movable<T: Send>(_: &T) {}
    let (store, clock, lines) =
        (MemoryStore::default(), ManualClock::default(), Tickets::default());
    let ask = |_: Option<&[u8]>, _: &u32, _| {
        Ok(Answer { outcome: None, record: None, forget_after: Span::NEVER })
    };
    let request = lines.drive(&store, &clock, "k", 1, ask);
    movable(&request);
    assert_eq!(block_on(request), Ok(None));
}
