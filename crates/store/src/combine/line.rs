//! The requests that wait for one key, and how they are served.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::channel::oneshot;
use futures::lock::{Mutex as AsyncMutex, MutexLockFuture};

use tollgate_core::Timestamp;

use super::WAITING_MAX;
use super::batch::Batch;
use crate::drive::kept_for;
use crate::looks::Looks;
use crate::random::wait_after;
use crate::{Answer, Clock, DriveError, Store, Swap};

/// How a request receives its answer.
pub(super) type Reply<T, E> = oneshot::Receiver<Result<T, DriveError<E>>>;

/// The line of one key.
pub(super) struct Line<Q, T, E> {
    waiting: Mutex<VecDeque<Member<Q, T, E>>>,
    lead: AsyncMutex<()>,
}

/// A request that waits.
pub(super) struct Member<Q, T, E> {
    pub(super) question: Q,
    pub(super) joined: Timestamp,
    /// How often a swap on its behalf was in conflict.
    pub(super) conflicts: u32,
    /// Its answer, until that is written.
    pub(super) said: Option<Result<T, E>>,
    pub(super) reply: oneshot::Sender<Result<T, DriveError<E>>>,
}

impl<Q, T, E> Line<Q, T, E> {
    /// Joins the end of the line, or returns the question when the line is full.
    pub(super) fn join(&self, question: Q, now: Timestamp) -> Result<Reply<T, E>, Q> {
        let mut waiting = self.waiting();
        if waiting.len() >= WAITING_MAX {
            return Err(question);
        }
        let (reply, answer) = oneshot::channel();
        waiting.push_back(Member { question, joined: now, conflicts: 0, said: None, reply });
        Ok(answer)
    }

    /// Waits to be the one who serves the line.
    pub(super) fn lead(&self) -> MutexLockFuture<'_, ()> {
        self.lead.lock()
    }

    /// Serves the requests in front, once. Those without an answer then are at the front again.
    pub(super) async fn serve<S: Store, C: Clock>(
        &self,
        store: &S,
        clock: &C,
        key: &str,
        ask: &mut impl FnMut(Option<&[u8]>, &Q, Timestamp) -> Result<Answer<T>, E>,
    ) {
        let began = clock.now();
        let mut batch = Batch::of(self, began);
        if batch.is_empty() {
            return;
        }
        let mut looks = Looks::default();
        loop {
            let seen = match looks.look(store, key).await {
                Ok(seen) => seen,
                Err(error) => return batch.fail(&error),
            };
            let change = batch.ask(seen.record, looks.is_fresh(), clock.now(), ask);
            let Some((record, forget_after)) = change else {
                if looks.stands() {
                    return;
                }
                continue;
            };
            match store.swap(key, seen.token, &record, kept_for(forget_after)).await {
                Ok(Swap::Done) => return batch.answer_all(),
                Ok(Swap::Conflict) if looks.is_race() => {
                    let Some(conflicts) = batch.conflict() else { return };
                    return clock.sleep(wait_after(conflicts, clock.now().since(began))).await;
                }
                Ok(Swap::Conflict) => {}
                Err(error) => return batch.fail(&error),
            }
        }
    }

    /// Nothing panics while it holds the lock.
    pub(super) fn waiting(&self) -> MutexGuard<'_, VecDeque<Member<Q, T, E>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Q, T, E> Default for Line<Q, T, E> {
    fn default() -> Self {
        Self { waiting: Mutex::default(), lead: AsyncMutex::new(()) }
    }
}
