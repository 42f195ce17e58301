//! What drives a machine: it keeps the store's tokens, and does one step at a time.

use tollgate_core::{DecideError, Machine, Outcome, Step, Swap, Timestamp};

use crate::store::{Store, Token};

/// What becomes of the next call of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Fine,
    /// A swap is carried out, and nobody says so; a load fails.
    Unheard,
    /// A swap is not carried out, and nobody says so; a load fails.
    Lost,
}

/// What was done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Did {
    Load { key: usize },
    Swap { key: usize, written: bool, heard: bool },
    Wait { attempt: u32 },
    Done(Outcome),
}

#[derive(Clone)]
pub(crate) struct Driver<M> {
    machine: M,
    /// The key of each leg, and the token of what was loaded last.
    legs: Vec<(usize, Token)>,
    /// What it was told: with this, a machine is what it is.
    pub(crate) told: Vec<u64>,
    /// What the machine asked for, and is not done yet.
    asked: Option<Step>,
}

impl<M: Machine<Error = DecideError>> Driver<M> {
    pub(crate) fn new(machine: M, keys: &[usize]) -> Self {
        Self {
            machine,
            legs: keys.iter().map(|key| (*key, 0)).collect(),
            told: vec![],
            asked: None,
        }
    }

    /// Does what the machine asked for the last time; asks it first if that is nothing.
    pub(crate) fn act(&mut self, store: &mut Store, now: Timestamp, fate: Fate) -> Did {
        self.ask(now);
        match self.asked.take().unwrap() {
            Step::Load { leg } => {
                let (key, token) = &mut self.legs[leg];
                if fate == Fate::Fine {
                    let (record, version) = store.load(*key);
                    *token = version;
                    self.told.push(version);
                    self.machine.loaded(leg, record);
                } else {
                    self.machine.failed();
                }
                Did::Load { key: *key }
            }
            Step::Swap { leg, record } => {
                let (key, token) = self.legs[leg];
                let written = fate != Fate::Lost && store.swap(key, token, record);
                let swap = match (fate, written) {
                    (Fate::Fine, true) => Swap::Done,
                    (Fate::Fine, false) => Swap::Conflict,
                    _ => Swap::Unknown,
                };
                self.told.push(swap as u64);
                self.machine.swapped(swap);
                Did::Swap { key, written, heard: fate == Fate::Fine }
            }
            Step::Wait { attempt } => Did::Wait { attempt },
            Step::Done(outcome) => Did::Done(outcome),
        }
    }

    pub(crate) fn is_about_to_swap(&self) -> bool {
        matches!(self.asked, Some(Step::Swap { .. }))
    }

    /// Whether what comes next is a call of the store.
    pub(crate) fn is_about_to_call(&mut self, now: Timestamp) -> bool {
        self.ask(now);
        matches!(self.asked, Some(Step::Load { .. } | Step::Swap { .. }))
    }

    /// Asks the machine what to do next.
    pub(crate) fn ask(&mut self, now: Timestamp) {
        if self.asked.is_none() {
            self.asked = Some(self.machine.next(now).unwrap());
        }
    }
}
