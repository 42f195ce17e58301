//! Stores that forget records by themselves: they are told of every record how long to keep it, and so long
//! that nobody notices whose clock is behind.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::cell::RefCell;
use std::collections::BTreeMap;

use futures::executor::block_on;
use tollgate_core::{
    Acquisition, Decide as _, Id, LeaseUpdate, Limit, Operation, Policy, Record, Span, Timestamp,
    Verdict,
};
use tollgate_store::{
    Answer, Clock as _, IDLE_GRACE, KeySwap, Loaded, ManualClock, MemoryStore, Store, StoreError,
    Swap, SweptStore as _, at_once, drive, run,
};

const KEYS: [&str; 2] = ["r/p/team", "r/p/user"];
const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// Forgets records by its own clock, and can swap several at once.
#[derive(Default)]
struct Expiring {
    records: MemoryStore,
    clock: ManualClock,
    /// When each key is forgotten.
    ends: RefCell<BTreeMap<String, Timestamp>>,
}

impl Expiring {
    fn new() -> Self {
        let store = Self::default();
        store.clock.set(NOW);
        store
    }

    fn keep(&self, key: &str, forget_after: Span) {
        match forget_after {
            Span::NEVER => self.ends.borrow_mut().remove(key),
            _ => self.ends.borrow_mut().insert(key.to_owned(), self.clock.now().plus(forget_after)),
        };
    }

    fn kept_for(&self, key: &str) -> Span {
        self.ends.borrow().get(key).map_or(Span::NEVER, |end| end.since(NOW))
    }
}

impl Store for Expiring {
    type Token = Option<Vec<u8>>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        let is_over = |end: &Timestamp| *end <= self.clock.now();
        if self.ends.borrow().get(key).is_some_and(is_over) {
            let seen = self.records.load(key).await?;
            let _removed = self.records.remove(key, seen.token).await?;
        }
        self.records.load(key).await
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        self.keep(key, forget_after);
        self.records.swap(key, token, record, forget_after).await
    }

    async fn swap_all(
        &self,
        swaps: Vec<KeySwap<'_, Self::Token>>,
    ) -> Result<Option<Swap>, StoreError> {
        swaps.iter().for_each(|swap| self.keep(swap.key, swap.forget_after));
        self.records.swap_all(swaps).await
    }

    fn expires(&self) -> bool {
        true
    }
}

/// Twenty at once, and fifty per second.
fn policy() -> Policy {
    let limit = Limit::token_bucket("requests", 20, 50, Span::from_secs(1)).unwrap();
    Policy::new([limit]).unwrap()
}

/// Asks for all twenty by a clock that is so far ahead of the store's.
fn is_allowed(store: &Expiring, policy: &Policy, ahead: Span) -> bool {
    let asked: Operation = policy.costs([("requests", 20)]).unwrap().into();
    let policies: &[&Policy] = &[policy];
    let ask = |record: Option<&[u8]>, now: Timestamp| {
        let now = now.plus(ahead);
        let applied = policies.apply(0, record, &asked, now)?;
        let after = |record: &Vec<u8>| policies.forget_after(0, record, now);
        let forget_after = applied.record.as_ref().map_or(Span::NEVER, after);
        let outcome = applied.verdict == Verdict::Allowed;
        Ok::<_, tollgate_core::DecideError>(Answer {
            outcome,
            record: applied.record,
            forget_after,
        })
    };
    block_on(drive(store, &store.clock, KEYS[0], ask)).unwrap()
}

#[test]
fn two_whose_clocks_differ_are_admitted_what_one_would_be() {
    let (store, policy) = (Expiring::new(), policy());
    let ahead = Span::from_secs(50);
    assert!(is_allowed(&store, &policy, ahead), "it is fresh");
    store.clock.set(NOW.plus(Span::from_secs(1)));
    let behind = is_allowed(&store, &policy, Span::ZERO);
    assert!(!behind, "to whose clock is behind, it will be used up for 50 seconds");
    assert!(is_allowed(&store, &policy, ahead), "to whose clock is ahead, it is full again");
    assert!(!is_allowed(&store, &policy, ahead), "and was nobody else's meanwhile");
}

#[test]
fn a_record_is_kept_for_as_long_as_it_matters_to_anybody() {
    let (store, policy) = (Expiring::new(), policy());
    assert!(is_allowed(&store, &policy, Span::ZERO));
    let refilled_ns = Span::from_millis(400).as_nanos();
    assert_eq!(store.kept_for(KEYS[0]).as_nanos(), refilled_ns + IDLE_GRACE.as_nanos());
}

/// Neither for ever, nor for less than its holds live.
#[test]
fn several_keys_are_kept_as_one_is() {
    let policy = policy();
    let policies: &[&Policy] = &[&policy, &policy];
    let costs = policy.costs([("requests", 20)]).unwrap();
    let asked = KEYS.map(|key| (key, costs));
    let as_one = Span::from_nanos(400_000_000 + IDLE_GRACE.as_nanos());

    let store = Expiring::new();
    let operations = KEYS.map(|_| Operation::from(costs));
    let taken = at_once(&store, &store.clock, &KEYS, &policies, &operations, None);
    assert!(block_on(taken).unwrap().unwrap().outcome.is_allowed());
    assert_eq!(KEYS.map(|key| store.kept_for(key)), [as_one; 2], "at once");

    let store = Expiring::new();
    let mut taking = Acquisition::new(policies, Id::from_u128(1), &asked).unwrap();
    assert!(block_on(run(&store, &store.clock, &KEYS, &mut taking)).unwrap().outcome.is_allowed());
    assert_eq!(KEYS.map(|key| store.kept_for(key)), [as_one; 2], "one after the other");

    let store = Expiring::new();
    let lease = Acquisition::new(policies, Id::from_u128(2), &asked).unwrap();
    let mut lease = lease.with_lease(Span::from_secs(60)).unwrap();
    assert!(block_on(run(&store, &store.clock, &KEYS, &mut lease)).unwrap().outcome.is_allowed());
    let as_lease = Span::from_nanos(60_400_000_000 + IDLE_GRACE.as_nanos());
    assert_eq!(KEYS.map(|key| store.kept_for(key)), [as_lease; 2], "while it is held, and after");

    let mut release = LeaseUpdate::release(policies, Id::from_u128(2), &KEYS).unwrap();
    assert!(block_on(run(&store, &store.clock, &KEYS, &mut release)).unwrap().outcome.is_allowed());
    assert_eq!(KEYS.map(|key| store.kept_for(key)), [IDLE_GRACE; 2], "nothing is left of it");
}

/// A budget that nothing comes back to.
#[test]
fn what_always_matters_is_kept_for_ever() {
    let budget = Limit::token_bucket("requests", 20, 0, Span::from_secs(1)).unwrap();
    let budget = Policy::new([budget]).unwrap();
    let policies: &[&Policy] = &[&budget, &budget];
    let asked = KEYS.map(|key| (key, budget.costs([("requests", 1)]).unwrap()));
    let store = Expiring::new();
    let mut taking = Acquisition::new(policies, Id::from_u128(1), &asked).unwrap();
    assert!(block_on(run(&store, &store.clock, &KEYS, &mut taking)).unwrap().outcome.is_allowed());
    assert_eq!(KEYS.map(|key| store.kept_for(key)), [Span::NEVER; 2]);
    let record = block_on(store.load(KEYS[0])).unwrap().record.unwrap();
    assert!(Record::decode(&budget, &record).is_ok());
}
