//! A store that takes its time and fails by lot, and tasks that run in an order by lot: everything that
//! happens follows from a list of numbers.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures::executor::block_on;
use tollgate_core::{Span, Timestamp};
use tollgate_store::{Answer, Loaded, MemoryStore, Store, StoreError, Swap};

/// What decides by lot.
pub(crate) struct Lots(Cell<u64>);

impl Lots {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Cell::new(seed))
    }

    /// A number below `below` (SplitMix64).
    pub(crate) fn draw(&self, below: u64) -> u64 {
        self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let mut bits = self.0.get();
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % below
    }

    /// True so many times in a hundred.
    pub(crate) fn happens(&self, percent: u64) -> bool {
        self.draw(100) < percent
    }
}

/// How often something goes wrong, in percent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    pub(crate) conflicts: u64,
    pub(crate) failed_loads: u64,
    /// Of swaps, half of them after they wrote.
    pub(crate) unclear_swaps: u64,
}

/// A store in memory whose operations take some turns each.
pub(crate) struct SlowStore<'a> {
    pub(crate) records: MemoryStore,
    pub(crate) operations: Cell<u32>,
    pub(crate) faults: Cell<Faults>,
    lots: &'a Lots,
    turns: u64,
}

impl<'a> SlowStore<'a> {
    /// Each operation takes up to `turns` turns before it happens, and as many after.
    pub(crate) fn new(lots: &'a Lots, turns: u64, faults: Faults) -> Self {
        let (records, operations) = (MemoryStore::default(), Cell::new(0));
        Self { records, operations, faults: Cell::new(faults), lots, turns }
    }

    async fn pause(&self) {
        for _ in 0..self.lots.draw(self.turns + 1) {
            turn().await;
        }
    }
}

/// Lets others run.
pub(crate) async fn turn() {
    let mut over = false;
    poll_fn(|context| {
        if over {
            return Poll::Ready(());
        }
        over = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn broken<T>() -> Result<T, StoreError> {
    Err(StoreError::Unavailable("pulled the plug".into()))
}

impl Store for SlowStore<'_> {
    type Token = Option<Vec<u8>>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        self.operations.set(self.operations.get() + 1);
        self.pause().await;
        if self.lots.happens(self.faults.get().failed_loads) {
            return broken();
        }
        let loaded = self.records.load(key).await;
        self.pause().await;
        loaded
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        self.operations.set(self.operations.get() + 1);
        self.pause().await;
        let Faults { conflicts, unclear_swaps, .. } = self.faults.get();
        if self.lots.happens(conflicts) {
            return Ok(Swap::Conflict);
        }
        let unclear = self.lots.happens(unclear_swaps);
        if unclear && self.lots.happens(50) {
            return broken();
        }
        let end = self.records.swap(key, token, record, forget_after).await;
        self.pause().await;
        if unclear { broken() } else { end }
    }
}

/// One process of those that share a store. It recalls what the store holds, or held a moment ago, or nothing, by lot:
/// so are memories whose answers arrived in any order.
pub(crate) struct Process<'a> {
    store: &'a SlowStore<'a>,
    remembers: bool,
}

impl<'a> Process<'a> {
    pub(crate) const fn new(store: &'a SlowStore<'a>, remembers: bool) -> Self {
        Self { store, remembers }
    }
}

impl Store for Process<'_> {
    type Token = Option<Vec<u8>>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        self.store.load(key).await
    }

    fn recall(&self, key: &str) -> Option<Loaded<Self::Token>> {
        if !self.remembers || self.store.lots.happens(30) {
            return None;
        }
        let now = block_on(self.store.records.load(key)).ok()?.record;
        let back = self.store.lots.draw(3);
        let sold = u64::from(sold(now.as_deref())).checked_sub(back)?;
        let record = (sold > 0).then(|| u32::try_from(sold).unwrap().to_le_bytes().to_vec());
        Some(Loaded { token: record.clone(), record })
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

/// Tickets with numbers, as many as there are: the answer is the ticket's number, or that there is none.
pub(crate) fn ticket(
    record: Option<&[u8]>,
    tickets: &u32,
    _: Timestamp,
) -> Result<Answer<Option<u32>>, ()> {
    let sold = sold(record);
    let left = sold < *tickets;
    let record = left.then(|| (sold + 1).to_le_bytes().to_vec());
    Ok(Answer { outcome: left.then_some(sold), record, forget_after: Span::NEVER })
}

pub(crate) fn sold(record: Option<&[u8]>) -> u32 {
    record.map_or(0, |bytes| u32::from_le_bytes(bytes.try_into().unwrap()))
}

/// Whether a task was woken since it was last polled.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

struct Task<'a> {
    future: Pin<Box<dyn Future<Output = ()> + 'a>>,
    woken: Arc<Flag>,
}

/// Runs the futures to their ends, always one by lot of those that were woken. Of those that began,
/// `dropped` in a hundred turns are dropped. Panics when some wait and nothing will ever wake them.
pub(crate) fn run<'a>(
    lots: &Lots,
    futures: impl IntoIterator<Item = Pin<Box<dyn Future<Output = ()> + 'a>>>,
    dropped: u64,
) {
    let task = |future| Task { future, woken: Arc::new(Flag(AtomicBool::new(true))) };
    let mut tasks: Vec<Task<'_>> = futures.into_iter().map(task).collect();
    while !tasks.is_empty() {
        let is_woken = |index: &usize| tasks[*index].woken.0.load(Ordering::SeqCst);
        let woken: Vec<usize> = (0..tasks.len()).filter(is_woken).collect();
        assert!(!woken.is_empty(), "{} wait for nobody", tasks.len());
        let index = woken[usize::try_from(lots.draw(woken.len() as u64)).unwrap()];
        let task = &mut tasks[index];
        task.woken.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(Arc::clone(&task.woken));
        let ended = task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        if ended {
            tasks.remove(index);
        } else if lots.happens(dropped) {
            tasks.remove(usize::try_from(lots.draw(tasks.len() as u64)).unwrap());
        }
    }
}

/// What the requests of a run were answered.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) tickets: RefCell<Vec<u32>>,
    pub(crate) denied: Cell<u32>,
    pub(crate) failed: Cell<u32>,
    pub(crate) busy: Cell<u32>,
}
