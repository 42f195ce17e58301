//! Many who want one key of a store that is far away, in virtual time: nearly all of them are served.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use futures::executor::LocalPool;
use futures::future::join_all;
use futures::task::LocalSpawnExt as _;
use tollgate_core::{Span, Timestamp};
use tollgate_store::{
    Answer, Clock, DriveError, Loaded, MemoryStore, Store, StoreError, Swap, drive,
};

const CLIENTS: usize = 64;
const DECISIONS: usize = 30;
/// How long what is sent is on its way, in one direction.
const WAY: Span = Span::from_nanos(250_000);

/// Goes on to the next moment at which somebody wakes, once everybody sleeps.
#[derive(Default)]
struct VirtualClock {
    now: Cell<Timestamp>,
    sleepers: RefCell<BTreeMap<(Timestamp, u64), Waker>>,
    slept: Cell<u64>,
}

impl VirtualClock {
    /// Wakes who sleeps for the shortest time; nobody if none does.
    fn go_on(&self) -> bool {
        let Some(((end, _), sleeper)) = self.sleepers.borrow_mut().pop_first() else {
            return false;
        };
        self.now.set(end);
        sleeper.wake();
        true
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.now.get()
    }

    async fn sleep(&self, span: Span) {
        let end = (self.now().plus(span), self.slept.replace(self.slept.get() + 1));
        poll_fn(|context| {
            if self.now() >= end.0 && !self.sleepers.borrow().contains_key(&end) {
                return Poll::Ready(());
            }
            self.sleepers.borrow_mut().insert(end, context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

#[derive(Default)]
struct FarStore {
    records: MemoryStore,
    clock: VirtualClock,
    operations: Cell<usize>,
}

impl FarStore {
    async fn there_and_back<T>(&self, operation: impl Future<Output = T>) -> T {
        self.operations.set(self.operations.get() + 1);
        self.clock.sleep(WAY).await;
        let answer = operation.await;
        self.clock.sleep(WAY).await;
        answer
    }
}

/// One process of those that ask a store which is far away, and remembers what it was told.
struct Process {
    store: Rc<FarStore>,
    remembers: bool,
    told: RefCell<Option<Option<Vec<u8>>>>,
}

impl Process {
    fn new(store: &Rc<FarStore>, remembers: bool) -> Rc<Self> {
        Rc::new(Self { store: Rc::clone(store), remembers, told: RefCell::default() })
    }
}

impl Store for Process {
    type Token = Option<Vec<u8>>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        let seen = self.store.there_and_back(self.store.records.load(key)).await?;
        self.told.replace(Some(seen.record.clone()));
        Ok(seen)
    }

    fn recall(&self, _: &str) -> Option<Loaded<Self::Token>> {
        let record = self.told.borrow().clone().filter(|_| self.remembers)?;
        Some(Loaded { token: record.clone(), record })
    }

    /// Answers what is there when it loses.
    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        let records = &self.store.records;
        let swap = async {
            (records.swap(key, token, record, forget_after).await, records.load(key).await)
        };
        let (end, there) = self.store.there_and_back(swap).await;
        self.told.replace(Some(there?.record));
        end
    }
}

/// How many of a client's decisions were made.
async fn client(store: Rc<Process>) -> usize {
    let count = |record: Option<&[u8]>, _| {
        let next = record.map_or(0, |bytes| u64::from_le_bytes(bytes.try_into().unwrap())) + 1;
        let record = Some(next.to_le_bytes().to_vec());
        Ok::<_, Infallible>(Answer { outcome: (), record, forget_after: Span::NEVER })
    };
    let mut decided = 0;
    for _ in 0..DECISIONS {
        match drive(&*store, &store.store.clock, "hot", count).await {
            Ok(()) => decided += 1,
            Err(error) => assert_eq!(error, DriveError::Busy),
        }
    }
    decided
}

/// Lets clients ask, shared by so many processes. The share of their decisions that were made, in percent, and how many
/// operations each took.
fn ask(processes: usize, remembers: bool) -> (usize, usize) {
    let store = Rc::new(FarStore::default());
    let all: Vec<_> = (0..processes).map(|_| Process::new(&store, remembers)).collect();
    let client = |number| client(Rc::clone(&all[number % processes]));
    let mut pool = LocalPool::new();
    let clients = join_all((0..CLIENTS).map(client));
    let clients = pool.spawner().spawn_local_with_handle(clients).unwrap();
    pool.run_until_stalled();
    while store.clock.go_on() {
        pool.run_until_stalled();
    }
    let decided: usize = pool.run_until(clients).into_iter().sum();
    (100 * decided / (CLIENTS * DECISIONS), store.operations.get() / decided)
}

/// Waits that begin at a fixed length are too short to part them: one in three found the key too busy, and a
/// decision took twenty operations.
#[test]
fn who_is_far_away_from_a_busy_key_waits_as_long_as_it_takes() {
    let (decided_percent, each) = ask(1, false);
    assert!(decided_percent >= 90, "{decided_percent} % were decided");
    assert!(each <= 15, "{each} operations for each");
}

/// Who was the fastest knows what is there, and is more often the fastest again; but who lost is told it too.
#[test]
fn who_remembers_asks_less_and_leaves_the_key_to_others() {
    for processes in [1, 2, CLIENTS] {
        let (decided_percent, each) = ask(processes, true);
        assert!(decided_percent >= 90, "{processes}: {decided_percent} % were decided");
        assert!(each <= 4, "{processes}: {each} operations for each");
    }
}
