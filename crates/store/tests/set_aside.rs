//! Where an instance can make only so many swaps, nobody is left without in the middle of several keys.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use futures::executor::block_on;
use futures::future::{join, join_all};
use tollgate_core::{Acquisition, Costs, Id, Limit, Operation, Policy, Record, Span, Timestamp};
use tollgate_store::{
    Answer, Atomics, Clock, DriveError, Driven, ElectedStore, Store, StoreError, Swap, conformance,
    drive, run,
};

const KEYS: [&str; 3] = ["r/p/team", "r/p/org", "r/p/user"];
const CAPACITY: u64 = 1_000;
const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// Spin's SQLite store, to an instance that can make so many swaps.
#[derive(Default)]
struct Scarce {
    values: RefCell<HashMap<String, Vec<u8>>>,
    swaps_left: Cell<usize>,
    /// Every so many swaps meet a conflict, which uses them up.
    conflicts_every: Option<usize>,
}

impl Scarce {
    fn with(swaps_left: usize, conflicts_every: Option<usize>) -> Self {
        let values = KEYS.map(|key| (key.to_owned(), Record::new(&policy()).encode(&policy())));
        let values = RefCell::new(values.into_iter().collect());
        Self { values, swaps_left: Cell::new(swaps_left), conflicts_every }
    }

    /// What is left of every key, after whatever is held has expired, and is charged.
    fn remaining(&self) -> [u64; 3] {
        let (policy, later) = (policy(), Timestamp::from_secs(1_800_100_000));
        KEYS.map(|key| {
            let mut record = Record::decode(&policy, &self.values.borrow()[key]).unwrap();
            let peek = policy.no_costs().into();
            policy.apply(&mut record, &peek, later).limits().next().unwrap().remaining
        })
    }
}

impl Atomics for &Scarce {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.values.borrow().get(key).cloned())
    }

    async fn swap(&self, key: &str, seen: Option<&[u8]>, value: &[u8]) -> Result<Swap, StoreError> {
        let left = self.swaps_left.get().checked_sub(1);
        let left = left.ok_or_else(|| StoreError::Exhausted("too many".into()))?;
        self.swaps_left.set(left);
        let is_disturbed = self.conflicts_every.is_some_and(|every| left.is_multiple_of(every));
        let mut values = self.values.borrow_mut();
        if is_disturbed || (seen.is_some() && values.get(key).map(Vec::as_slice) != seen) {
            return Ok(Swap::Conflict);
        }
        values.insert(key.to_owned(), value.to_vec());
        Ok(Swap::Done)
    }

    fn swaps_left(&self) -> usize {
        self.swaps_left.get()
    }

    /// It is not counted, so that the tests have whole numbers.
    async fn create_twice(&self, _: &str) -> Result<[Swap; 2], StoreError> {
        Ok([Swap::Done, Swap::Done])
    }

    async fn increment(&self, _: &str) -> Result<i64, StoreError> {
        Err(StoreError::Unavailable("every key is there".into()))
    }

    async fn set(&self, _: &str, _: &[u8]) -> Result<(), StoreError> {
        Err(StoreError::Unavailable("every key is there".into()))
    }

    async fn delete(&self, _: &str) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Whoever waits lets the others go on.
struct Yielding;

impl Clock for Yielding {
    fn now(&self) -> Timestamp {
        NOW
    }

    async fn sleep(&self, _: Span) {
        conformance::yield_once().await;
    }
}

type Elected<'a> = ElectedStore<&'a Scarce, Yielding>;

fn policy() -> Policy {
    let limit = Limit::token_bucket("requests", CAPACITY, 0, Span::from_secs(1)).unwrap();
    Policy::new([limit]).unwrap()
}

fn one() -> Costs {
    policy().costs([]).unwrap()
}

async fn acquire(store: &Elected<'_>, id: u128) -> Driven {
    acquire_of(store, &KEYS, id).await
}

async fn acquire_of(store: &Elected<'_>, keys: &[&str], id: u128) -> Driven {
    let (policy, legs) = (policy(), keys.iter().map(|key| (*key, one())).collect::<Vec<_>>());
    let policies: &[&Policy] = &vec![&policy; keys.len()];
    let mut machine = Acquisition::new(policies, Id::from_u128(id), &legs).unwrap();
    run(store, &Yielding, keys, &mut machine).await.unwrap()
}

/// One charge of the first key alone.
async fn charge(store: &Elected<'_>) -> Result<(), DriveError<()>> {
    let policy = policy();
    let ask = |record: Option<&[u8]>, now| {
        let mut record = Record::decode(&policy, record.unwrap()).unwrap();
        policy.apply(&mut record, &Operation::from(one()), now);
        let record = Some(record.encode(&policy));
        Ok(Answer { outcome: (), record, forget_after: Span::NEVER })
    };
    drive(store, &Yielding, KEYS[0], ask).await
}

#[test]
fn who_is_not_let_in_is_charged_nothing_however_few_swaps_are_left() {
    for swaps_left in 0..40 {
        let spin = Scarce::with(swaps_left, None);
        let store = ElectedStore::new(&spin, Yielding);
        let mut passed = 0;
        for id in 0..12 {
            let driven = block_on(acquire(&store, id));
            passed += u64::from(driven.outcome.is_allowed());
            let told = matches!(driven.fault, Some(StoreError::Exhausted(_)));
            assert_ne!(told, driven.outcome.is_allowed(), "{swaps_left} left: {driven:?}");
        }
        assert_eq!(spin.remaining(), [CAPACITY - passed; 3], "{swaps_left} left");
        // Five swaps each, and as long as there are six and eight to spare.
        assert_eq!(passed, (swaps_left.saturating_sub(9) / 5) as u64, "{swaps_left} left");
    }
}

#[test]
fn neither_conflicts_nor_others_take_the_swaps_that_are_set_aside() {
    for swaps_left in 0..90 {
        for conflicts_every in [2, 3, 4, 7] {
            let spin = Scarce::with(swaps_left, Some(conflicts_every));
            let store = ElectedStore::new(&spin, Yielding);
            let several = join_all((0..4).map(|id| acquire(&store, id)));
            let single = join_all((0..30).map(|_| charge(&store)));
            let (several, single) = block_on(join(several, single));
            let passed = several.iter().filter(|it| it.outcome.is_allowed()).count() as u64;
            let charged = single.iter().filter(|it| it.is_ok()).count() as u64;
            let left = CAPACITY - passed;
            let asked = format!("{swaps_left} left, every {conflicts_every}th conflicts");
            assert_eq!(spin.remaining(), [left - charged, left, left], "{asked}");
        }
    }
}

#[test]
fn one_key_is_charged_by_the_last_swap() {
    let spin = Scarce::with(1, None);
    let store = ElectedStore::new(&spin, Yielding);
    assert!(block_on(acquire_of(&store, &KEYS[..1], 1)).outcome.is_allowed());
    assert!(!block_on(acquire_of(&store, &KEYS[..1], 2)).outcome.is_allowed());
    assert_eq!(spin.remaining(), [CAPACITY - 1, CAPACITY, CAPACITY]);
}

#[test]
fn what_is_set_aside_is_put_back() {
    let spin = Scarce::with(20, None);
    let store = ElectedStore::new(&spin, Yielding);
    block_on(async {
        store.set_aside(15).await.unwrap();
        assert!(matches!(store.set_aside(6).await, Err(StoreError::Exhausted(_))));
        store.set_aside(5).await.unwrap();
        let refused = charge(&store).await;
        assert!(matches!(refused, Err(DriveError::Store(StoreError::Exhausted(_)))), "{refused:?}");
        store.put_back(1);
        charge(&store).await.unwrap();
        assert!(charge(&store).await.is_err());
        store.put_back(19);
        for _ in 0..19 {
            charge(&store).await.unwrap();
        }
        assert!(charge(&store).await.is_err(), "no swap is left");
    });
}
