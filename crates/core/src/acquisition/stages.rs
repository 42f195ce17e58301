//! The stages of an acquisition, in their order. See `acquisition.rs` for the protocol.

use crate::acquisition::decide::{Applied, Decide};
use crate::acquisition::machine::Acquisition;
use crate::acquisition::outcome::Ending;
use crate::acquisition::step::Step;
use crate::acquisition::stopwatch::Stopwatch;
use crate::acquisition::sweep::Sweep;
use crate::acquisition::table::Swept;
use crate::acquisition::turn::{Task, Turn, Turned};
use crate::apply::outcome::Effect;
use crate::time::Timestamp;

/// How far an acquisition is.
#[derive(Debug, Clone)]
pub(super) enum Stage {
    Judge,
    /// Places holds, and commits on the last leg.
    Take(Take),
    /// The ending is known. Settles or renews the holds if it is allowed, or takes them back.
    Sweep(Sweep, Ending),
    Over(Ending),
}

#[derive(Debug, Clone, Default)]
pub(super) struct Take {
    /// How many legs were taken: the position of the next one.
    at: usize,
    turn: Turn,
    /// Runs since the first hold.
    watch: Option<Stopwatch>,
}

// Every function here sets the stage that comes next, and returns the step that comes before it.
impl<D: Decide> Acquisition<D> {
    /// Decides on every leg, and writes nothing.
    pub(super) fn judge(&mut self, now: Timestamp) -> Option<Step> {
        let last = self.taken.last().copied();
        for index in 0..self.sorted.len() {
            let leg = *self.sorted.get(index)?;
            if self.table.leg(leg).is_some() {
                continue;
            }
            if self.table.inbox.take_failure() {
                return None;
            }
            if self.table.inbox.record(leg).is_none() {
                self.stage = Stage::Judge;
                return Some(Step::Load { leg });
            }
            let wanted = self.request.wanted(leg, last == Some(leg))?;
            if !self.table.look(leg, &wanted, now) {
                return None;
            }
        }
        let mut legs = self.sorted.iter().filter_map(|leg| self.table.leg(*leg));
        match last.and_then(|leg| self.table.leg(leg)).map(|applied| applied.effect) {
            Some(Effect::Repeated) => self.keep(),
            Some(Effect::NoHold) => self.lose(),
            _ if legs.all(Applied::is_allowed) => self.stage = Stage::Take(Take::default()),
            _ => self.leave(0, Ending::Denied, now),
        }
        None
    }

    /// Takes the legs one by one; the last is the commit.
    pub(super) fn take(&mut self, mut take: Take, now: Timestamp) -> Option<Step> {
        let Some(&leg) = self.taken.get(take.at) else {
            self.keep();
            return None;
        };
        let operation = match self.taken.last() {
            Some(last) if *last == leg => self.request.wanted(leg, true)?,
            _ => self.request.placed(leg)?,
        };
        let elapsed = take.watch.get_or_insert_with(|| Stopwatch::start(now)).read(now);
        let late = self.taken.len() > 1 && elapsed > self.request.commit_within();
        let task = Task { leg, operation: &operation, now, late };
        match self.table.turn(&mut take.turn, &task) {
            Turned::Step(step) => {
                self.stage = Stage::Take(take);
                return Some(step);
            }
            Turned::Done(applied) => self.decided(leg, applied, take, now),
            Turned::Busy => self.give_up(&take, Ending::Busy, now),
            Turned::Late => self.give_up(&take, Ending::TimedOut, now),
            Turned::Failed => self.give_up(&take, Ending::Failed, now),
        }
        None
    }

    /// A leg was decided, and written.
    fn decided(&mut self, leg: usize, applied: Applied, mut take: Take, now: Timestamp) {
        let (is_allowed, effect) = (applied.is_allowed(), applied.effect);
        // Another request uses the same id: whichever came first on the first key goes on.
        let is_known = matches!(effect, Effect::Repeated | Effect::NoHold);
        let is_other = is_known && !take.turn.is_unclear();
        self.table.put(leg, applied);
        if !is_allowed {
            self.give_up(&take, Ending::Denied, now);
        } else if is_other && self.taken.len() > 1 {
            self.give_up(&take, Ending::Busy, now);
        } else if effect == Effect::NoHold {
            self.lose();
        } else {
            take.at = take.at.saturating_add(1);
            take.turn = Turn::default();
            self.stage = Stage::Take(take);
        }
    }

    fn give_up(&mut self, take: &Take, ending: Ending, now: Timestamp) {
        let next = take.at.saturating_add(1);
        if !take.turn.is_unclear() {
            self.leave(take.at, ending, now);
        } else if next >= self.taken.len() && ending == Ending::Failed {
            // It may be committed, so what is held has to become charges.
            self.stage = Stage::Over(ending);
        } else {
            // A write that the check did not find may still arrive.
            self.leave(next, ending, now);
        }
    }

    /// The request is not admitted: takes back what was placed on the first `placed` legs. The others are
    /// judged again, since they were judged as if it were admitted.
    fn leave(&mut self, placed: usize, ending: Ending, now: Timestamp) {
        let release = self.request.released();
        let (placed, others) = self.taken.split_at(placed.min(self.taken.len()));
        for leg in others {
            if self.table.leg(*leg).is_some_and(Applied::is_allowed) {
                self.table.look(*leg, &release, now);
            }
        }
        let todo = placed.iter().map(|leg| (*leg, release.clone())).collect();
        self.stage = Stage::Sweep(Sweep::new(todo), ending);
    }

    /// It is committed: turns the holds into what the caller wants.
    fn keep(&mut self) {
        let held = self.taken.split_last().map_or(&[][..], |(_, held)| held);
        let todo = held.iter().map(|leg| (*leg, self.request.kept())).collect();
        self.stage = Stage::Sweep(Sweep::new(todo), Ending::Allowed);
    }

    pub(super) fn sweep(
        &mut self,
        mut sweep: Sweep,
        ending: Ending,
        now: Timestamp,
    ) -> Option<Step> {
        let step = match self.table.sweep(&mut sweep, now) {
            Swept::Over => {
                self.stage = Stage::Over(ending);
                return None;
            }
            Swept::Step(step) => Some(step),
            Swept::Leg(leg, turned) => {
                if ending == Ending::Allowed && !self.is_kept(&turned) {
                    self.lose();
                    return None;
                }
                self.note(leg, turned, ending);
                None
            }
        };
        self.stage = Stage::Sweep(sweep, ending);
        step
    }

    /// Whether a hold became what the caller wants. A charge counts even if its hold expired; a lease
    /// must still exist.
    fn is_kept(&self, turned: &Turned) -> bool {
        let is_renewed =
            matches!(turned, Turned::Done(applied) if applied.effect == Effect::Renewed);
        is_renewed || self.request.lease.is_none()
    }

    /// The lease is not whole. What is left of it is charged like the hold that expired.
    fn lose(&mut self) {
        let settled = self.request.settled();
        let todo = self.taken.iter().map(|leg| (*leg, settled.clone())).collect();
        self.stage = Stage::Sweep(Sweep::new(todo), Ending::Lost);
    }

    /// Keeps the most informative decision: the one that held an admitted request, or that denied,
    /// rather than the one that cleaned up.
    fn note(&mut self, leg: usize, turned: Turned, ending: Ending) {
        let Turned::Done(applied) = turned else { return };
        let before = self.table.leg(leg);
        let says_more = match ending {
            Ending::Allowed => before.is_some_and(|before| before.effect == Effect::Held),
            _ => before.is_some_and(|before| !before.is_allowed()),
        };
        if !says_more {
            self.table.put(leg, applied);
        }
    }
}
