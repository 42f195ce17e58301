//! Driving a machine that works on several keys.

use futures::future::join_all;
use tollgate_core::{DECISION_TIME_MAX, Machine, Outcome, Span, Step, Swap as Swapped};

use crate::drive::write;
use crate::random::wait_after;
use crate::{Clock, Loaded, Store, StoreError, Swap};

/// Swaps that are set aside beyond the fewest that a machine needs: each that is lost to others is one more.
const SPARE_SWAPS: usize = 8;

/// What a machine came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Driven {
    /// Its outcome.
    pub outcome: Outcome,
    /// The first failure of the store, if there was one. The outcome may be a good one nevertheless.
    pub fault: Option<StoreError>,
}

/// Takes `machine` to its end: loads and swaps what it asks for, and waits between attempts. `keys` are
/// those of its legs, in their order, as the store knows them.
///
/// All keys are loaded at once before the first step. Waits are over [`DECISION_TIME_MAX`] after it; what the
/// machine still has to do then, it does without them. Nor does it wait for a process that can't write any
/// more ([`StoreError::Exhausted`]). Where a process can make only so many swaps, none is made unless there are
/// enough to go through with it, or to take it back.
///
/// ```
/// use tollgate_core::{Acquisition, Id, Limit, Policy, Span};
/// use tollgate_store::{ManualClock, MemoryStore, run};
/// # futures::executor::block_on(async {
/// let policy = Policy::new([Limit::token_bucket("requests", 1, 1, Span::from_secs(60)).unwrap()]).unwrap();
/// let (store, clock) = (MemoryStore::default(), ManualClock::default());
/// let acquire = async |id, keys: [&str; 2]| {
///     let policies: &[&Policy] = &[&policy, &policy];
///     let legs = keys.map(|key| (key, policy.costs([]).unwrap()));
///     let mut machine = Acquisition::new(policies, Id::from_u128(id), &legs).unwrap();
///     run(&store, &clock, &keys, &mut machine).await.unwrap().outcome.is_allowed()
/// };
/// assert!(acquire(1, ["user", "team"]).await);
/// assert!(!acquire(2, ["another user", "team"]).await); // the team has nothing left ...
/// assert!(acquire(3, ["another user", "another team"]).await); // ... and the user lost nothing
/// # });
/// ```
///
/// # Errors
/// What the machine's decisions fail with. Nothing is let in then.
pub async fn run<M: Machine, S: Store, C: Clock>(
    store: &S,
    clock: &C,
    keys: &[&str],
    machine: &mut M,
) -> Result<Driven, M::Error> {
    let started = clock.now();
    let mut loaded_at = started;
    let mut driver = Driver::new(store, keys);
    for (leg, loaded) in
        join_all(keys.iter().map(|key| store.load(key))).await.into_iter().enumerate()
    {
        // A key that could not be loaded is asked for again.
        if let Ok(Loaded { record, token }) = loaded {
            driver.keep(leg, token);
            machine.loaded(leg, record.as_deref());
        }
    }
    loop {
        let now = clock.now();
        match machine.next(now)? {
            Step::Load { leg } => {
                loaded_at = now;
                match driver.load(leg).await {
                    Some(record) => machine.loaded(leg, record.as_deref()),
                    None => machine.failed(),
                }
            }
            Step::Swap { leg, record } => {
                let matters = || machine.forget_after(leg, &record, now);
                let forget_after = if store.expires() { matters() } else { Span::NEVER };
                machine.swapped(driver.swap(leg, &record, forget_after).await);
            }
            Step::Wait { attempt } => {
                let wait = wait_after(attempt, now.since(loaded_at));
                clock.sleep(wait.min(driver.patience(now.since(started)))).await;
            }
            Step::Done(outcome) => return Ok(Driven { outcome, fault: driver.fault.take() }),
        }
    }
}

struct Driver<'a, S: Store> {
    store: &'a S,
    keys: &'a [&'a str],
    /// By leg: of what was loaded last, until it is used.
    tokens: Vec<Option<S::Token>>,
    fault: Option<StoreError>,
    /// How many swaps are set aside; nothing before the first one.
    set_aside: Option<usize>,
}

impl<'a, S: Store> Driver<'a, S> {
    fn new(store: &'a S, keys: &'a [&'a str]) -> Self {
        let tokens = keys.iter().map(|_| None).collect();
        Self { store, keys, tokens, fault: None, set_aside: None }
    }

    /// How long a wait may be when so much time went by.
    fn patience(&self, elapsed: Span) -> Span {
        if matches!(self.fault, Some(StoreError::Exhausted(_))) {
            return Span::ZERO;
        }
        Span::from_nanos(DECISION_TIME_MAX.as_nanos().saturating_sub(elapsed.as_nanos()))
    }

    /// The record under a key, or nothing when it can't be loaded.
    async fn load(&mut self, leg: usize) -> Option<Option<Vec<u8>>> {
        match self.store.load(self.keys.get(leg)?).await {
            Ok(Loaded { record, token }) => {
                self.keep(leg, token);
                Some(record)
            }
            Err(error) => {
                self.fault.get_or_insert(error);
                None
            }
        }
    }

    fn keep(&mut self, leg: usize, token: S::Token) {
        if let Some(kept) = self.tokens.get_mut(leg) {
            *kept = Some(token);
        }
    }

    async fn swap(&mut self, leg: usize, record: &[u8], forget_after: Span) -> Swapped {
        let token = self.tokens.get_mut(leg).and_then(Option::take);
        // A machine swaps only what it has loaded.
        let (Some(token), Some(key)) = (token, self.keys.get(leg)) else {
            return Swapped::Conflict;
        };
        let swapped = match self.take_one().await {
            Ok(()) => write(self.store, key, token, record, forget_after).await,
            Err(error) => Err(error),
        };
        match swapped {
            Ok(Swap::Done) => Swapped::Done,
            Ok(Swap::Conflict) => Swapped::Conflict,
            Err(error) => {
                self.fault.get_or_insert(error);
                Swapped::Unknown
            }
        }
    }

    /// Takes one of the swaps that are set aside; the first time it sets them aside. When all of them are gone the
    /// store may have others left.
    async fn take_one(&mut self) -> Result<(), StoreError> {
        let left = match self.set_aside {
            Some(left) => left,
            None => {
                let swaps = match self.keys.len() {
                    // Nothing is left half done of it.
                    1 => 0,
                    // A hold is placed and ended.
                    keys => 2 * keys + SPARE_SWAPS,
                };
                self.store.set_aside(swaps).await?;
                swaps
            }
        };
        self.store.put_back(left.min(1));
        self.set_aside = Some(left.saturating_sub(1));
        Ok(())
    }
}

/// Whoever asked may be gone in the middle of it.
impl<S: Store> Drop for Driver<'_, S> {
    fn drop(&mut self) {
        self.store.put_back(self.set_aside.unwrap_or(0));
    }
}
