//! Driving a machine that works on several keys.

use futures::future::join_all;
use tollgate_core::{DECISION_TIME_MAX, Machine, Outcome, Span, Step, Swap as Swapped};

use crate::drive::kept_for;
use crate::random::wait_after;
use crate::{Clock, Loaded, Store, StoreError, Swap};

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
/// machine still has to do then, it does without them.
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
                clock.sleep(wait.min(patience(now.since(started)))).await;
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
}

/// How long a wait may be when so much time went by.
fn patience(elapsed: Span) -> Span {
    Span::from_nanos(DECISION_TIME_MAX.as_nanos().saturating_sub(elapsed.as_nanos()))
}

impl<'a, S: Store> Driver<'a, S> {
    fn new(store: &'a S, keys: &'a [&'a str]) -> Self {
        let tokens = keys.iter().map(|_| None).collect();
        Self { store, keys, tokens, fault: None }
    }

    /// The record under a key, or `None` when it can't be loaded.
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
        match self.store.swap(key, token, record, kept_for(forget_after)).await {
            Ok(Swap::Done) => Swapped::Done,
            Ok(Swap::Conflict) => Swapped::Conflict,
            Err(error) => {
                self.fault.get_or_insert(error);
                Swapped::Unknown
            }
        }
    }
}
