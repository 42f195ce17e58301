//! What is remembered of a record saves its load, and is never told to anybody.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use futures::executor::block_on;
use tollgate_core::{Acquire, Costs, Limit, Operation, Policy, Span, Timestamp, Verdict};
use tollgate_store::{
    Answer, BestEffort, Breaker, Combiner, DriveError, KeySwap, Loaded, ManualClock, MemoryStore,
    Metered, Store, StoreError, StoreTally, Swap, at_once, drive,
};

/// One process of those that share some records. It remembers what it was told last of each key, by a swap that
/// lost too.
#[derive(Default)]
struct Process {
    records: Rc<MemoryStore>,
    told: RefCell<BTreeMap<String, Option<Vec<u8>>>>,
    loads: Cell<u32>,
    swaps: Cell<u32>,
}

impl Process {
    fn beside(other: &Self) -> Self {
        Self { records: Rc::clone(&other.records), ..Self::default() }
    }

    async fn remember(&self, key: &str) {
        let there = self.records.load(key).await.unwrap().record;
        self.told.borrow_mut().insert(key.to_owned(), there);
    }

    /// How many loads and swaps there were since this was asked last.
    fn operations(&self) -> (u32, u32) {
        (self.loads.take(), self.swaps.take())
    }

    /// Decides on a turnstile that lets `most` through.
    fn pass(&self, most: u8) -> bool {
        block_on(drive(self, &ManualClock::default(), "door", turnstile(most))).unwrap()
    }
}

impl Store for Process {
    type Token = Option<Vec<u8>>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        self.loads.set(self.loads.get() + 1);
        self.remember(key).await;
        self.records.load(key).await
    }

    fn recall(&self, key: &str) -> Option<Loaded<Self::Token>> {
        let record = self.told.borrow().get(key).cloned()?;
        Some(Loaded { token: record.clone(), record })
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        self.swaps.set(self.swaps.get() + 1);
        let end = self.records.swap(key, token, record, forget_after).await;
        self.remember(key).await;
        end
    }

    async fn swap_all(
        &self,
        swaps: Vec<KeySwap<'_, Self::Token>>,
    ) -> Result<Option<Swap>, StoreError> {
        self.swaps.set(self.swaps.get() + 1);
        let keys: Vec<String> = swaps.iter().map(|swap| swap.key.to_owned()).collect();
        let end = self.records.swap_all(swaps).await;
        for key in keys {
            self.remember(&key).await;
        }
        end
    }
}

fn turnstile(most: u8) -> impl Fn(Option<&[u8]>, Timestamp) -> Result<Answer<bool>, String> {
    move |record, _| {
        let passed = record.map_or(0, |record| record[0]);
        if passed == u8::MAX {
            return Err(String::from("it is broken"));
        }
        let record = (passed < most).then(|| vec![passed + 1]);
        Ok(Answer { outcome: record.is_some(), record, forget_after: Span::NEVER })
    }
}

#[test]
fn who_asks_again_needs_no_load() {
    let process = Process::default();
    assert!(process.pass(5));
    assert_eq!(process.operations(), (1, 1), "nothing was known of it");
    for _ in 1..5 {
        assert!(process.pass(5));
        assert_eq!(process.operations(), (0, 1));
    }
    assert!(!process.pass(5));
    assert_eq!(process.operations(), (1, 0), "a denial costs a load, as ever");
    assert!(process.pass(6));
    assert_eq!(process.operations(), (0, 1), "what the denial saw is remembered too");
}

#[test]
fn two_who_take_turns_stay_exact_and_need_no_load_either() {
    let one = Process::default();
    let two = Process::beside(&one);
    let passed = (0..100).filter(|turn| [&one, &two][turn % 2].pass(50)).count();
    assert_eq!(passed, 50);
    let (loads, swaps) = one.operations();
    assert!(loads <= 1 + 25, "its first look and its denials: {loads}");
    assert!(swaps <= 2 * 25, "a swap that loses answers what is there: {swaps}");
}

#[test]
fn a_denial_is_told_from_what_is_there_and_not_from_what_was() {
    let one = Process::default();
    let two = Process::beside(&one);
    assert!(one.pass(1));
    let reset = |_: Option<&[u8]>, _| {
        Ok::<_, ()>(Answer { outcome: (), record: Some(vec![0]), forget_after: Span::NEVER })
    };
    block_on(drive(&two, &ManualClock::default(), "door", reset)).unwrap();
    assert!(one.pass(1), "it remembers a door that is full");
}

#[test]
fn what_only_looks_is_told_what_is_there() {
    let one = Process::default();
    let two = Process::beside(&one);
    assert!(one.pass(9));
    assert!(two.pass(9));
    let look = |record: Option<&[u8]>, _| {
        let outcome = record.map(|record| record[0]);
        Ok::<_, ()>(Answer { outcome, record: None, forget_after: Span::NEVER })
    };
    assert_eq!(block_on(drive(&one, &ManualClock::default(), "door", look)), Ok(Some(2)));
}

#[test]
fn what_is_remembered_broken_is_looked_at_again() {
    let process = Process::default();
    process.told.borrow_mut().insert(String::from("door"), Some(vec![u8::MAX]));
    assert!(process.pass(1));
    block_on(process.records.swap("broken", None, &[u8::MAX], Span::NEVER)).map(|_| ()).unwrap();
    let told = block_on(drive(&process, &ManualClock::default(), "broken", turnstile(1)));
    assert_eq!(told, Err(DriveError::Ask(String::from("it is broken"))), "and told if it is");
}

#[test]
fn a_record_that_is_gone_is_made_anew() {
    let process = Process::default();
    assert!(process.pass(1));
    block_on(async {
        let seen = process.records.load("door").await.unwrap();
        let gone = tollgate_store::SweptStore::remove(&*process.records, "door", seen.token).await;
        assert_eq!(gone, Ok(Swap::Done));
    });
    process.operations();
    assert!(process.pass(2));
    assert_eq!(process.operations(), (0, 2), "the first swap answered that it is absent");
}

#[test]
fn what_a_store_remembers_is_handed_through_by_what_stands_before_it() {
    let tally = std::sync::Arc::new(StoreTally::default());
    let store = Metered::untimed(Process::default(), tally);
    let store: Breaker<Metered<_, ManualClock>, _> = Breaker::new(store, ManualClock::default());
    let best_effort = BestEffort::new(&store, false);
    assert!(best_effort.recall("door").is_none());
    block_on(drive(&best_effort, &ManualClock::default(), "door", turnstile(1))).unwrap();
    assert_eq!(best_effort.recall("door").unwrap().record, Some(vec![1]));
}

#[test]
fn a_line_needs_no_load_either_and_denies_by_what_is_there() {
    let (one, clock) = (Process::default(), ManualClock::default());
    let two = Process::beside(&one);
    let lines = Combiner::default();
    let ask = |record: Option<&[u8]>, most: &u8, now| turnstile(*most)(record, now);
    let pass = |most| block_on(lines.drive(&one, &clock, "door", most, ask)).unwrap();
    assert!(pass(9));
    one.operations();
    assert!(pass(9));
    assert_eq!(one.operations(), (0, 1));
    assert!(two.pass(9));
    assert!(pass(9));
    assert_eq!(one.operations(), (0, 2), "a swap that loses answers what is there");
    assert!(!pass(4));
    assert_eq!(one.operations(), (1, 0));
    assert!(two.pass(9));
    assert!(!pass(5), "who is denied by what is there, and let in by what was");
}

const KEYS: [&str; 2] = ["org", "user"];

fn policy() -> Policy {
    Policy::new([Limit::token_bucket("requests", 3, 1, Span::from_secs(60)).unwrap()]).unwrap()
}

/// Takes so much of each key, all or nothing.
fn take(process: &Process, policy: &Policy, costs: [Costs; 2]) -> bool {
    let operations = costs.map(|costs| Operation::from(Acquire::new(costs)));
    let (clock, policies): (_, &[&Policy]) = (ManualClock::default(), &[policy, policy]);
    let taken = at_once(process, &clock, &KEYS, &policies, &operations, None);
    let outcome = block_on(taken).unwrap().unwrap().outcome;
    let verdicts = outcome.legs.iter().flatten().all(|leg| leg.verdict == Verdict::Allowed);
    assert_eq!(outcome.is_allowed(), verdicts);
    outcome.is_allowed()
}

#[test]
fn several_keys_that_are_remembered_are_taken_by_one_swap() {
    let (process, policy) = (Process::default(), policy());
    let one = policy.costs([]).unwrap();
    assert!(take(&process, &policy, [one; 2]));
    assert_eq!(process.operations(), (2, 1));
    assert!(take(&process, &policy, [one; 2]));
    assert_eq!(process.operations(), (0, 1));
    let other = Process::beside(&process);
    assert!(take(&other, &policy, [one; 2]), "the last there is");
    assert!(!take(&process, &policy, [one; 2]), "whoever remembers one more");
    assert_eq!(process.operations(), (2, 1), "a swap that lost, and a look at what is there");
}

/// A swap compares only what it writes.
#[test]
fn of_several_keys_those_that_are_not_written_are_looked_at() {
    let (process, policy) = (Process::default(), policy());
    let [none, one] = [0, 1].map(|units| policy.costs([("requests", units)]).unwrap());
    assert!(take(&process, &policy, [one; 2]));
    process.operations();
    assert!(take(&process, &policy, [none, one]));
    assert_eq!(process.operations(), (2, 1), "of the first key nothing is written");
}
