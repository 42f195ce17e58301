//! Several keys in one step, where the store can do that.

use tollgate_core::{
    ATTEMPTS_MAX, Acquire, Applied, DECISION_TIME_MAX, Decide, Effect, Ending, Operation, Outcome,
    Span, Timestamp, Verdict,
};

use crate::drive::kept_for;
use crate::looks::Looks;
use crate::random::wait_after;
use crate::several::Driven;
use crate::{Clock, KeySwap, Loaded, Store, StoreError, Swap};

/// Does one operation on each of several keys, all or nothing, by [`Store::swap_all`]: one load and one
/// swap for all of them together, where [`run`](crate::run) takes one after the other. Nothing where the
/// store can't do that with these keys; then nothing was done.
///
/// `keys` are those of the legs, in the order of `operations`. Where the operation on the leg
/// `remembers` was done before under its request id, all of it was.
///
/// # Errors
/// What deciding fails with. Nothing is let in then.
pub async fn at_once<D: Decide, S: Store, C: Clock>(
    store: &S,
    clock: &C,
    keys: &[&str],
    decide: &D,
    operations: &[Operation],
    remembers: Option<usize>,
) -> Result<Option<Driven>, D::Error> {
    let asked = Asked { store, clock, keys, decide, operations, remembers };
    let start = clock.now();
    let (mut looks, mut conflicts) = (Looks::default(), 0);
    while conflicts < ATTEMPTS_MAX {
        let began = clock.now();
        if began.since(start) > DECISION_TIME_MAX {
            return Ok(Some(ended(Ending::TimedOut, Vec::new())));
        }
        match asked.attempt(&mut looks).await? {
            Attempt::Ended(driven) => return Ok(Some(driven)),
            Attempt::CannotSwapTogether => return Ok(None),
            Attempt::WasOutdated => {}
            Attempt::Lost => {
                conflicts += 1;
                if conflicts < ATTEMPTS_MAX {
                    clock.sleep(wait_after(conflicts, clock.now().since(began))).await;
                }
            }
        }
    }
    Ok(Some(ended(Ending::Busy, Vec::new())))
}

/// What [`at_once`] is asked, which is the same in every attempt.
struct Asked<'a, D, S, C> {
    store: &'a S,
    clock: &'a C,
    keys: &'a [&'a str],
    decide: &'a D,
    operations: &'a [Operation],
    remembers: Option<usize>,
}

/// What one attempt came to.
enum Attempt {
    /// There is an outcome.
    Ended(Driven),
    /// The store can't swap these keys in one step.
    CannotSwapTogether,
    /// It was made on remembered records that may be over: the next one asks the store.
    WasOutdated,
    /// A conflict: another writer was first.
    Lost,
}

impl<D: Decide, S: Store, C: Clock> Asked<'_, D, S, C> {
    async fn attempt(&self, looks: &mut Looks) -> Result<Attempt, D::Error> {
        let seen = match looks.look_at_all(self.store, self.keys).await {
            Ok(seen) => seen,
            Err(fault) => return Ok(Attempt::Ended(failed(fault))),
        };
        let now = self.clock.now();
        let (ending, mut legs) =
            match decide_all(self.decide, &seen, self.operations, self.remembers, now) {
                Ok(decided) => decided,
                Err(_) if !looks.stands() => return Ok(Attempt::WasOutdated),
                Err(error) => return Err(error),
            };
        let forget_after = |leg, record: &[u8]| match self.store.expires() {
            true => kept_for(self.decide.forget_after(leg, record, now)),
            false => Span::NEVER,
        };
        let swaps = swaps(self.keys, seen, &mut legs, forget_after);
        // A swap shows nothing of a key that it does not compare.
        if swaps.len() < self.keys.len() && !looks.stands() {
            return Ok(Attempt::WasOutdated);
        }
        if swaps.is_empty() {
            return Ok(Attempt::Ended(ended(ending, legs)));
        }
        Ok(match self.store.swap_all(swaps).await {
            Ok(None) => Attempt::CannotSwapTogether,
            Ok(Some(Swap::Done)) => Attempt::Ended(ended(ending, legs)),
            Ok(Some(Swap::Conflict)) if looks.is_race() => Attempt::Lost,
            Ok(Some(Swap::Conflict)) => Attempt::WasOutdated,
            Err(fault) => Attempt::Ended(failed(fault)),
        })
    }
}

/// Decides on every key. What is left in `record` is to be written: everything when all keys allow it; when one
/// denies it, only what a denial has to write; nothing for a repeated request.
fn decide_all<D: Decide, T>(
    decide: &D,
    seen: &[Loaded<T>],
    operations: &[Operation],
    remembers: Option<usize>,
    now: Timestamp,
) -> Result<(Ending, Vec<Applied>), D::Error> {
    let decided =
        seen.iter().zip(operations).enumerate().map(|(leg, (seen, operation))| {
            decide.apply(leg, seen.record.as_deref(), operation, now)
        });
    let mut legs = decided.collect::<Result<Vec<_>, _>>()?;
    let before = remembers.and_then(|leg| done_before(legs.get(leg)?.effect));
    if before.is_some() {
        // What was charged is not asked for again: the other keys are looked at.
        for (leg, (seen, operation)) in seen.iter().zip(operations).enumerate() {
            let Some(applied) = legs.get_mut(leg) else { continue };
            if done_before(applied.effect).is_none() {
                *applied = decide.apply(leg, seen.record.as_deref(), &peek(operation), now)?;
            }
        }
    }
    let is_allowed = legs.iter().all(|leg| leg.verdict == Verdict::Allowed);
    let ending = before.unwrap_or(if is_allowed { Ending::Allowed } else { Ending::Denied });
    for leg in &mut legs {
        if before.is_some() || (!is_allowed && leg.verdict == Verdict::Allowed) {
            leg.record = None;
        }
    }
    Ok((ending, legs))
}

/// What a request comes to that was let in before, by what the key says that remembers it.
fn done_before(effect: Effect) -> Option<Ending> {
    match effect {
        Effect::Repeated => Some(Ending::Allowed),
        // A lease that is over.
        Effect::NoHold => Some(Ending::Lost),
        _ => None,
    }
}

/// Asks for nothing of what an acquire asks for.
fn peek(operation: &Operation) -> Operation {
    match operation {
        Operation::Acquire(asked) => Acquire::new(asked.costs.nothing()).into(),
        other => other.clone(),
    }
}

fn swaps<'a, T>(
    keys: &[&'a str],
    seen: Vec<Loaded<T>>,
    legs: &mut [Applied],
    forget_after: impl Fn(usize, &[u8]) -> Span,
) -> Vec<KeySwap<'a, T>> {
    let legs = keys.iter().zip(seen).zip(legs).enumerate();
    let swaps = legs.filter_map(|(index, ((key, seen), leg))| {
        let record = leg.record.take()?;
        let forget_after = forget_after(index, &record);
        Some(KeySwap { key, token: seen.token, record, forget_after })
    });
    swaps.collect()
}

fn ended(ending: Ending, legs: Vec<Applied>) -> Driven {
    let outcome = Outcome { ending, legs: legs.into_iter().map(Some).collect() };
    Driven { outcome, fault: None }
}

/// The store failed. Whether it wrote is unknown: a request that was not let in may have been charged, on all
/// keys, once.
fn failed(fault: StoreError) -> Driven {
    let outcome = Outcome { ending: Ending::Failed, legs: Vec::new() };
    Driven { outcome, fault: Some(fault) }
}
