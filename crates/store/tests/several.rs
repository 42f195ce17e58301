//! Machines on several keys, driven over stores: all or nothing, whatever the store does.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::cell::Cell;
use std::rc::Rc;

use futures::executor::block_on;
use futures::future::join_all;
use tollgate_core::{
    ATTEMPTS_MAX, Acquisition, Costs, DECISION_TIME_MAX, Ending, Id, LeaseUpdate, Limit, Operation,
    Policy, Record, Span, Timestamp,
};
use tollgate_store::{
    Clock, Driven, KeySwap, Loaded, ManualClock, MemoryStore, Store, StoreError, Swap, at_once,
    conformance, run,
};

const KEYS: [&str; 3] = ["r/p/team", "r/p/org", "r/p/user"];

/// A store that fails or is late in a pattern, and yields between operations.
#[derive(Default)]
struct Shaky {
    records: MemoryStore,
    operations: Cell<u32>,
    /// Every so many operations fail; a swap that fails has written every other time.
    fails_every: Option<u32>,
    /// Moved by every swap of several keys, which others are always faster than.
    contended: Option<(Rc<ManualClock>, Span)>,
    /// How many more swaps are made, and what every one after them comes to.
    afterwards: Option<(Cell<u32>, Result<Swap, StoreError>)>,
}

impl Shaky {
    async fn step(&self) -> Result<(), u32> {
        let operation = self.operations.get() + 1;
        self.operations.set(operation);
        conformance::yield_once().await;
        match self.fails_every {
            Some(every) if operation.is_multiple_of(every) => Err(operation / every),
            _ => Ok(()),
        }
    }
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

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        if let Some((left, afterwards)) = &self.afterwards {
            let Some(fewer) = left.get().checked_sub(1) else { return afterwards.clone() };
            left.set(fewer);
        }
        match self.step().await {
            Ok(()) => self.records.swap(key, token, record, forget_after).await,
            Err(failure) => {
                if failure % 2 == 0 {
                    let _written = self.records.swap(key, token, record, forget_after).await;
                }
                Err(down())
            }
        }
    }

    async fn swap_all(&self, _: Vec<KeySwap<'_, Self::Token>>) -> Result<Option<Swap>, StoreError> {
        let Some((clock, span)) = &self.contended else { return Ok(None) };
        clock.sleep(*span).await;
        Ok(Some(Swap::Conflict))
    }
}

/// A clock that counts who sleeps on it.
struct Counted {
    clock: ManualClock,
    sleeps: Cell<u32>,
}

impl Clock for Counted {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn sleep(&self, span: Span) {
        self.sleeps.set(self.sleeps.get() + 1);
        self.clock.sleep(span).await;
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

#[test]
fn who_takes_keys_at_once_and_who_takes_them_one_by_one_keep_each_others_promises() {
    let (small, large) = (policy(7), policy(100));
    let policies: &[&Policy] = &[&large, &small, &large];
    let (store, clock) = (MemoryStore::default(), now());
    let operations: Vec<_> = policies.iter().map(|policy| Operation::from(one(policy))).collect();
    let mut allowed = 0;
    for id in 0..10 {
        let driven = if id % 2 == 0 {
            let taken = at_once(&store, &clock, &KEYS, &policies, &operations, Some(2));
            block_on(taken).unwrap().unwrap()
        } else {
            let legs: Vec<_> = KEYS.iter().zip(policies).map(|(key, it)| (*key, one(it))).collect();
            let mut machine = Acquisition::new(policies, Id::from_u128(id), &legs).unwrap();
            block_on(run(&store, &clock, &KEYS, &mut machine)).unwrap()
        };
        allowed += u64::from(driven.outcome.is_allowed());
    }
    assert_eq!(allowed, 7);
    let store = Shaky { records: store, ..Shaky::default() };
    assert_eq!(remaining(&store, policies), [93, 0, 93]);
}

#[test]
fn a_store_that_swaps_one_key_at_a_time_is_not_asked_at_once() {
    let policies: &[&Policy] = &[&policy(1), &policy(1), &policy(1)];
    let (store, clock) = (Shaky::default(), now());
    let operations: Vec<_> = policies.iter().map(|policy| Operation::from(one(policy))).collect();
    let taken = block_on(at_once(&store, &clock, &KEYS, &policies, &operations, None)).unwrap();
    assert_eq!(taken, None);
    assert_eq!(remaining(&store, policies), [1; 3], "nothing was done");
}

#[test]
fn keys_that_take_too_long_are_given_up() {
    let policies: &[&Policy] = &[&policy(1), &policy(1), &policy(1)];
    let clock = Rc::new(now());
    let contended = Some((Rc::clone(&clock), Span::from_millis(900)));
    let store = Shaky { contended, ..Shaky::default() };
    let operations: Vec<_> = policies.iter().map(|policy| Operation::from(one(policy))).collect();
    let start = clock.now();
    let taken = at_once(&store, &*clock, &KEYS, &policies, &operations, None);
    let taken = block_on(taken).unwrap().unwrap();
    assert_eq!(taken.outcome.ending, Ending::TimedOut);
    let took = clock.now().since(start);
    assert!(took > DECISION_TIME_MAX && took <= Span::from_millis(3_100), "{took:?}");
}

/// Whoever waited after the last conflict would wait for an answer that is there.
#[test]
fn nobody_waits_after_the_last_attempt() {
    let policies: &[&Policy] = &[&policy(1), &policy(1), &policy(1)];
    let clock = Counted { clock: now(), sleeps: Cell::new(0) };
    let contended = Some((Rc::new(now()), Span::ZERO));
    let store = Shaky { contended, ..Shaky::default() };
    let operations: Vec<_> = policies.iter().map(|policy| Operation::from(one(policy))).collect();
    let taken = at_once(&store, &clock, &KEYS, &policies, &operations, None);
    assert_eq!(block_on(taken).unwrap().unwrap().outcome.ending, Ending::Busy);
    assert_eq!(clock.sleeps.get(), ATTEMPTS_MAX - 1);
}

#[test]
fn waits_are_over_when_a_decision_has_to_be() {
    let policies: &[&Policy] = &[&policy(9), &policy(9), &policy(9)];
    for swaps in 0..5 {
        let afterwards = Some((Cell::new(swaps), Ok(Swap::Conflict)));
        let (store, clock) = (Shaky { afterwards, ..Shaky::default() }, now());
        let driven = block_on(acquire(&store, &clock, policies, 1));
        assert_eq!(driven.outcome.is_allowed(), swaps >= 3, "the third swap is the commit");
        let took = clock.now().since(now().now());
        assert!(took <= DECISION_TIME_MAX, "after {swaps} swaps it took {took:?}");
    }
}
