//! Requests that share one load and one swap.

use tollgate_core::{ATTEMPTS_MAX, DECISION_TIME_MAX, Span, Timestamp};

use super::BATCH_MAX;
use super::line::{Line, Member};
use crate::{Answer, DriveError, StoreError};

/// The requests at the front of a line, while they are served. Those that are left when it is dropped, for
/// whatever reason, go back to their places.
pub(super) struct Batch<'a, Q, T, E> {
    line: &'a Line<Q, T, E>,
    members: Vec<Member<Q, T, E>>,
}

impl<'a, Q, T, E> Batch<'a, Q, T, E> {
    pub(super) fn of(line: &'a Line<Q, T, E>, now: Timestamp) -> Self {
        let mut batch = Self { line, members: Vec::new() };
        batch.gather(now);
        batch
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Takes in the waiting requests, except those that were cancelled or have waited too long.
    fn gather(&mut self, now: Timestamp) {
        let mut waiting = self.line.waiting();
        while self.members.len() < BATCH_MAX {
            let Some(member) = waiting.pop_front() else { break };
            if now.since(member.joined) > DECISION_TIME_MAX {
                let _ = member.reply.send(Err(DriveError::TimedOut));
            } else if !member.reply.is_canceled() {
                self.members.push(member);
            }
        }
    }

    /// Decides for all, including those who joined since the load, and answers the requests that need not wait
    /// for a swap (none if the record is not fresh). The record to write if it changed, and how long it matters.
    pub(super) fn ask(
        &mut self,
        mut record: Option<Vec<u8>>,
        is_fresh: bool,
        now: Timestamp,
        ask: &mut impl FnMut(Option<&[u8]>, &Q, Timestamp) -> Result<Answer<T>, E>,
    ) -> Option<(Vec<u8>, Span)> {
        // What was loaded is fresh for those who joined before.
        let before_load = if is_fresh { self.members.len() } else { 0 };
        self.gather(now);
        let (mut changed, mut answerable) = (None, 0);
        for (index, member) in self.members.iter_mut().enumerate() {
            let answer = ask(record.as_deref(), &member.question, now);
            member.said = Some(answer.map(|answer| {
                if answer.record.is_some() {
                    (record, changed) = (answer.record, Some(answer.forget_after));
                }
                answer.outcome
            }));
            if changed.is_none() && index < before_load {
                answerable += 1;
            }
        }
        self.answer(answerable);
        record.zip(changed)
    }

    /// The swap succeeded: gives all their answers.
    pub(super) fn answer_all(&mut self) {
        self.answer(self.members.len());
    }

    fn answer(&mut self, count: usize) {
        for member in self.members.drain(..count) {
            if let Some(said) = member.said {
                // A request that was cancelled meanwhile was charged all the same, as always.
                let _ = member.reply.send(said.map_err(DriveError::Ask));
            }
        }
    }

    /// The swap met a conflict. Requests that met too many are told so; the others go back in line. Returns the most
    /// conflicts that any of those met; `None` when none goes back.
    pub(super) fn conflict(mut self) -> Option<u32> {
        let mut most = None;
        for mut member in std::mem::take(&mut self.members) {
            member.conflicts += 1;
            if member.conflicts < ATTEMPTS_MAX {
                most = most.max(Some(member.conflicts));
                self.members.push(member);
            } else {
                let _ = member.reply.send(Err(DriveError::Busy));
            }
        }
        most
    }

    /// The store failed, for all of them.
    pub(super) fn fail(&mut self, error: &StoreError) {
        for member in self.members.drain(..) {
            let _ = member.reply.send(Err(DriveError::Store(error.clone())));
        }
    }
}

impl<Q, T, E> Drop for Batch<'_, Q, T, E> {
    fn drop(&mut self) {
        let mut waiting = self.line.waiting();
        for member in self.members.drain(..).rev() {
            waiting.push_front(member);
        }
    }
}
