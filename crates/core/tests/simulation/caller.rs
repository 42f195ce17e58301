//! Who asks for several keys: what it wants, how far it is, and what came of it.

use tollgate_core::{Acquisition, Ending, Id, LeaseUpdate, Outcome, Policy, Span, Timestamp};

use crate::driver::{Did, Driver, Fate};
use crate::ledger;
use crate::random::Random;
use crate::store::Store;

pub(crate) const KEYS: usize = 4;
const NAMES: [&str; KEYS] = ["key-0", "key-1", "key-2", "key-3"];
/// Longer than any run.
const LEASE_TTL: Span = Span::from_secs(3_600);

/// What a caller does with its lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    Settle,
    Release,
    /// It lets it expire.
    Nothing,
}

type Policies<'p> = &'p [&'p Policy];

enum Phase<'p> {
    Acquiring(Driver<Acquisition<Policies<'p>>>),
    /// It holds its lease as long as nothing was done to end it.
    Holding(Driver<LeaseUpdate<Policies<'p>>>),
    Updating(Driver<LeaseUpdate<Policies<'p>>>),
    Over,
}

pub(crate) struct Caller<'p> {
    policies: Policies<'p>,
    number: usize,
    /// By leg: distinct, in any order.
    pub(crate) keys: Vec<usize>,
    pub(crate) rate: u64,
    /// Nothing for one that wants no lease.
    pub(crate) after: Option<After>,
    phase: Phase<'p>,
    pub(crate) steps: usize,
    pub(crate) unclear: u64,
    pub(crate) committed_ns: Option<u64>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) updated: Option<Outcome>,
    pub(crate) crashed: bool,
}

impl<'p> Caller<'p> {
    pub(crate) fn new(number: usize, policies: Policies<'p>, random: &mut Random) -> Self {
        let mut keys: Vec<usize> = (0..KEYS).collect();
        for count in (2..=KEYS).rev() {
            keys.swap(count - 1, random.below(count as u64) as usize);
        }
        keys.truncate(1 + random.below(KEYS as u64) as usize);
        let rate = 1 + random.below(3);
        let after = match random.below(6) {
            0 => Some(After::Settle),
            1 => Some(After::Release),
            2 => Some(After::Nothing),
            _ => None,
        };
        let slots = u64::from(after.is_some());
        let costs = |key: &usize| (NAMES[*key], ledger::costs(policies[*key], number, rate, slots));
        let legs: Vec<_> = keys.iter().map(costs).collect();
        // A single key would not remember it otherwise, and could not tell what became of a swap.
        let mut machine = Acquisition::new(policies, id(number), &legs).unwrap().once();
        if after.is_some() {
            machine = machine.with_lease(LEASE_TTL).unwrap();
        }
        let phase = Phase::Acquiring(Driver::new(machine, &keys));
        let (steps, unclear, committed_ns, crashed) = (0, 0, None, false);
        let (outcome, updated) = (None, None);
        Self {
            policies,
            number,
            keys,
            rate,
            after,
            phase,
            steps,
            unclear,
            committed_ns,
            outcome,
            updated,
            crashed,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over)
    }

    pub(crate) fn is_about_to_swap(&self) -> bool {
        match &self.phase {
            Phase::Acquiring(driver) => driver.is_about_to_swap(),
            Phase::Holding(driver) | Phase::Updating(driver) => driver.is_about_to_swap(),
            Phase::Over => false,
        }
    }

    /// Whether it may count on its lease.
    pub(crate) fn is_holding(&self) -> bool {
        let is_held = self.outcome.as_ref().is_some_and(|it| it.ending == Ending::Allowed);
        match self.phase {
            Phase::Holding(_) => true,
            Phase::Over => is_held && self.after == Some(After::Nothing) && !self.crashed,
            _ => false,
        }
    }

    /// Does what its machine asked for at an earlier time.
    pub(crate) fn act(
        &mut self,
        store: &mut Store,
        now: Timestamp,
        now_ns: u64,
        fate: Fate,
    ) -> Did {
        self.steps += 1;
        let did = match &mut self.phase {
            Phase::Acquiring(driver) => driver.act(store, now, fate),
            Phase::Holding(driver) | Phase::Updating(driver) => driver.act(store, now, fate),
            Phase::Over => unreachable!("nobody asks it any more"),
        };
        if let Did::Swap { key, written, heard } = &did {
            self.unclear += u64::from(!heard);
            // The first write on the last of its keys is the commit.
            if *written && self.keys.iter().max() == Some(key) && self.committed_ns.is_none() {
                self.committed_ns = Some(now_ns);
            }
        }
        self.phase = match core::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Acquiring(driver) => match &did {
                Did::Done(outcome) => self.acquired(outcome.clone()),
                _ => Phase::Acquiring(driver),
            },
            Phase::Holding(driver) | Phase::Updating(driver) => match &did {
                Did::Done(outcome) => {
                    self.updated = Some(outcome.clone());
                    Phase::Over
                }
                _ => Phase::Updating(driver),
            },
            Phase::Over => Phase::Over,
        };
        did
    }

    fn acquired(&mut self, outcome: Outcome) -> Phase<'p> {
        let is_allowed = outcome.is_allowed();
        self.outcome = Some(outcome);
        let names: Vec<&str> = self.keys.iter().map(|key| NAMES[*key]).collect();
        let lease = id(self.number);
        let update = match self.after {
            _ if !is_allowed => return Phase::Over,
            Some(After::Settle) => {
                let legs: Vec<_> = names.iter().map(|name| (*name, None)).collect();
                LeaseUpdate::settle(self.policies, lease, &legs)
            }
            Some(After::Release) => LeaseUpdate::release(self.policies, lease, &names),
            Some(After::Nothing) | None => return Phase::Over,
        };
        Phase::Holding(Driver::new(update.unwrap(), &self.keys))
    }

    /// Asks its machine what to do next.
    pub(crate) fn ask(&mut self, now: Timestamp) {
        match &mut self.phase {
            Phase::Acquiring(driver) => driver.ask(now),
            Phase::Holding(driver) | Phase::Updating(driver) => driver.ask(now),
            Phase::Over => {}
        }
    }

    pub(crate) fn crash(&mut self) {
        self.crashed = true;
        self.phase = Phase::Over;
    }
}

fn id(number: usize) -> Id {
    Id::from_u128(1_000 + number as u128)
}
