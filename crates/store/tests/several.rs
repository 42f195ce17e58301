//! Machines on several keys, driven over stores: all or nothing, whatever the store does.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::cell::Cell;
use std::future::poll_fn;
use std::task::Poll;

use futures::executor::block_on;
use futures::future::join_all;
use tollgate_core::{
    Acquisition, Costs, Ending, Id, LeaseUpdate, Limit, Policy, Record, Span, Timestamp,
};
use tollgate_store::{Driven, Loaded, ManualClock, MemoryStore, Store, StoreError, Swap, run};

const KEYS: [&str; 3] = ["r/p/team", "r/p/org", "r/p/user"];

/// A store that fails or is late in a pattern, and yields between operations.
#[derive(Default)]
struct Shaky {
    records: MemoryStore,
    operations: Cell<u32>,
    /// Every so many operations fail; a swap that fails has written every other time.
    fails_every: Option<u32>,
}

impl Shaky {
    async fn step(&self) -> Result<(), u32> {
        let operation = self.operations.get() + 1;
        self.operations.set(operation);
        yield_once().await;
        match self.fails_every {
            Some(every) if operation.is_multiple_of(every) => Err(operation / every),
            _ => Ok(()),
        }
    }
}

/// Lets the other futures of the same task run.
async fn yield_once() {
    let mut yielded = false;
    poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn down() -> StoreError {
    StoreError::Unavailable("down".into())
}

impl Store for Shaky {
    type Token = Option<Vec<u8>>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        self.step().await.map_err(|_| down())?;
        self.records.load(key).await
    }

    async fn swap(&self, key: &str, token: Self::Token, record: &[u8]) -> Result<Swap, StoreError> {
        match self.step().await {
            Ok(()) => self.records.swap(key, token, record).await,
            Err(failure) => {
                if failure % 2 == 0 {
                    let _written = self.records.swap(key, token, record).await;
                }
                Err(down())
            }
        }
    }
}

fn policy(capacity: u64) -> Policy {
    let limit = Limit::token_bucket("requests", capacity, 0, Span::from_secs(1)).unwrap();
    Policy::new([limit]).unwrap()
}

fn now() -> ManualClock {
    let clock = ManualClock::default();
    clock.set(Timestamp::from_secs(1_800_000_000));
    clock
}

fn one(policy: &Policy) -> Costs {
    policy.costs([]).unwrap()
}

async fn acquire(store: &Shaky, clock: &ManualClock, policies: &[&Policy], id: u128) -> Driven {
    let legs: Vec<_> = KEYS.iter().zip(policies).map(|(key, it)| (*key, one(it))).collect();
    let mut machine = Acquisition::new(policies, Id::from_u128(id), &legs).unwrap();
    run(store, clock, &KEYS, &mut machine).await.unwrap()
}

fn remaining(store: &Shaky, policies: &[&Policy]) -> Vec<u64> {
    let keys = KEYS.iter().zip(policies).map(|(key, policy)| {
        let bytes = block_on(store.records.load(key)).unwrap().record;
        let mut record = bytes
            .map_or_else(|| Record::new(policy), |bytes| Record::decode(policy, &bytes).unwrap());
        // After whatever is held has expired, and is charged.
        let later = Timestamp::from_secs(1_800_100_000);
        let peek = policy.no_costs().into();
        policy.apply(&mut record, &peek, later).limits().next().unwrap().remaining
    });
    keys.collect()
}

#[test]
fn who_is_let_in_is_charged_on_every_key_and_who_is_denied_on_none() {
    let (small, large) = (policy(3), policy(100));
    let policies: &[&Policy] = &[&large, &small, &large];
    let (store, clock) = (Shaky::default(), now());
    let asked = (0..10).map(|id| acquire(&store, &clock, policies, id));
    let allowed = block_on(join_all(asked)).iter().filter(|it| it.outcome.is_allowed()).count();
    assert!(allowed <= 3, "the org has 3");
    let allowed = allowed as u64;
    assert_eq!(remaining(&store, policies), [100 - allowed, 3 - allowed, 100 - allowed]);
    let next = block_on(acquire(&store, &clock, policies, 100));
    assert_eq!(next.outcome.is_allowed(), allowed < 3, "what is left is there for who comes next");
}

#[test]
fn a_store_that_fails_never_lets_in_more_than_it_has_charged() {
    let (small, large) = (policy(20), policy(100));
    let policies: &[&Policy] = &[&large, &small, &large];
    for fails_every in 2..60 {
        let store = Shaky { fails_every: Some(fails_every), ..Shaky::default() };
        let clock = now();
        let mut allowed = 0;
        for id in 0..25 {
            let driven = block_on(acquire(&store, &clock, policies, id));
            allowed += u64::from(driven.outcome.is_allowed());
            let reported = driven.fault.is_some();
            assert!(reported || driven.outcome.ending != Ending::Failed, "a failure is told");
        }
        let [team, org, user] = remaining(&store, policies)[..] else { panic!("three keys") };
        assert!(allowed <= 20 - org && allowed <= 100 - team && allowed <= 100 - user);
    }
}

#[test]
fn a_lease_is_settled_on_every_key() {
    let policies: &[&Policy] = &[&policy(10), &policy(10), &policy(10)];
    let (store, clock, id) = (Shaky::default(), now(), Id::from_u128(7));
    let legs =
        KEYS.iter().zip(policies).map(|(key, it)| (*key, it.costs([("requests", 5)]).unwrap()));
    let legs: Vec<_> = legs.collect();
    let machine = Acquisition::new(policies, id, &legs).unwrap();
    let mut machine = machine.with_lease(Span::from_secs(60)).unwrap();
    assert!(block_on(run(&store, &clock, &KEYS, &mut machine)).unwrap().outcome.is_allowed());
    assert_eq!(remaining(&store, policies), [5; 3], "unsettled, it is charged when it expires");
    let actual: Vec<_> = legs.iter().map(|(key, _)| (*key, Some(one(policies[0])))).collect();
    let mut machine = LeaseUpdate::settle(policies, id, &actual).unwrap();
    assert!(block_on(run(&store, &clock, &KEYS, &mut machine)).unwrap().outcome.is_allowed());
    assert_eq!(remaining(&store, policies), [9; 3], "settled, it is what it came to");
}

#[test]
fn a_denial_writes_when_its_limit_began_to_fill() {
    let bucket = tollgate_core::Algorithm::TokenBucket {
        capacity: 10,
        refill: 1,
        period: Span::from_secs(1),
        initial: 0,
    };
    let starting = Policy::new([Limit::new("requests", bucket).unwrap()]).unwrap();
    let policies: &[&Policy] = &[&starting, &starting, &starting];
    let (store, clock) = (Shaky::default(), now());
    assert!(!block_on(acquire(&store, &clock, policies, 1)).outcome.is_allowed());
    clock.set(Timestamp::from_secs(1_800_000_001));
    assert!(block_on(acquire(&store, &clock, policies, 2)).outcome.is_allowed());
}
