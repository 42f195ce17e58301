//! The loop: bounded, patient, and silent when there is nothing to write.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::cell::Cell;
use std::rc::Rc;

use futures::executor::block_on;
use tollgate_core::{ATTEMPTS_MAX, DECISION_TIME_MAX, Span, Timestamp};
use tollgate_store::{
    Answer, Clock, DriveError, Loaded, ManualClock, MemoryStore, Store, StoreError, Swap, drive,
};

/// A store in front of another that reports so many conflicts first, and counts what it is asked.
#[derive(Default)]
struct Busy {
    store: MemoryStore,
    conflicts: Cell<u32>,
    loads: Cell<u32>,
    swaps: Cell<u32>,
    broken: Cell<bool>,
    /// The clock, and how long a swap takes on it.
    slow: Option<(Rc<ManualClock>, Span)>,
}

impl Store for Busy {
    type Token = Option<Vec<u8>>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        self.loads.set(self.loads.get() + 1);
        self.store.load(key).await
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        self.swaps.set(self.swaps.get() + 1);
        if let Some((clock, span)) = &self.slow {
            clock.sleep(*span).await;
        }
        if self.broken.get() {
            return Err(StoreError::Unavailable("pulled the plug".into()));
        }
        match self.conflicts.get().checked_sub(1) {
            Some(left) => {
                self.conflicts.set(left);
                Ok(Swap::Conflict)
            }
            None => self.store.swap(key, token, record, forget_after).await,
        }
    }
}

fn count(record: Option<&[u8]>, _: Timestamp) -> Result<Answer<u8>, &'static str> {
    let next = record.map_or(0, |record| record[0]) + 1;
    Ok(Answer { outcome: next, record: Some(vec![next]), forget_after: Span::NEVER })
}

#[test]
fn a_conflict_is_tried_again_after_a_wait() {
    let (store, clock) = (Busy::default(), ManualClock::default());
    store.conflicts.set(ATTEMPTS_MAX - 1);
    assert_eq!(block_on(drive(&store, &clock, "k", count)), Ok(1));
    assert_eq!((store.loads.get(), store.swaps.get()), (ATTEMPTS_MAX, ATTEMPTS_MAX));
    assert!(clock.now() > Timestamp::EPOCH, "it waited between attempts");
    let longest = Span::from_millis(20 * u64::from(ATTEMPTS_MAX));
    assert!(clock.now().since(Timestamp::EPOCH) <= longest);
}

#[test]
fn it_gives_up_after_the_last_attempt_and_charges_nothing() {
    let (store, clock) = (Busy::default(), ManualClock::default());
    store.conflicts.set(u32::MAX);
    assert_eq!(block_on(drive(&store, &clock, "k", count)), Err(DriveError::Busy));
    assert_eq!(store.swaps.get(), ATTEMPTS_MAX);
    assert_eq!(block_on(store.load("k")).unwrap().record, None);
}

#[test]
fn nothing_to_write_costs_one_load_and_no_swap() {
    let (store, clock) = (Busy::default(), ManualClock::default());
    let peek = |_: Option<&[u8]>, _| {
        Ok::<_, ()>(Answer { outcome: "seen", record: None, forget_after: Span::NEVER })
    };
    assert_eq!(block_on(drive(&store, &clock, "k", peek)), Ok("seen"));
    assert_eq!((store.loads.get(), store.swaps.get()), (1, 0));
}

#[test]
fn failures_are_handed_on_at_once() {
    let (store, clock) = (Busy::default(), ManualClock::default());
    let refuse = |_: Option<&[u8]>, _| Err::<Answer<()>, _>("corrupt");
    assert_eq!(block_on(drive(&store, &clock, "k", refuse)), Err(DriveError::Ask("corrupt")));
    store.broken.set(true);
    let broken = DriveError::Store(StoreError::Unavailable("pulled the plug".into()));
    assert_eq!(block_on(drive(&store, &clock, "k", count)), Err(broken));
    assert_eq!(store.swaps.get(), 1, "a broken store is not tried again");
}

#[test]
fn a_store_that_is_too_slow_is_given_up() {
    let clock = Rc::new(ManualClock::default());
    let slow = Some((Rc::clone(&clock), Span::from_millis(800)));
    let store = Busy { slow, ..Busy::default() };
    store.conflicts.set(ATTEMPTS_MAX);
    assert_eq!(block_on(drive(&store, &*clock, "k", count)), Err(DriveError::TimedOut));
    let took = clock.now().since(Timestamp::EPOCH);
    assert!(took > DECISION_TIME_MAX && took <= Span::from_secs(3), "{took:?}");
    assert_eq!(store.swaps.get(), 3);
}
