//! What a key was charged and what is held of it, written down by somebody who only hears of it: each
//! holder with its own expiry, each charge with its time.

use std::collections::BTreeMap;

use tollgate_core::{Effect, Id, Operation, Timestamp, Verdict};

use crate::world::Answer;

/// A hold: when it ends, and the units of each limit.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) expires: Timestamp,
    pub(crate) units: Vec<u64>,
}

/// Units that were charged of each limit.
#[derive(Debug, Clone)]
pub(crate) struct Charge {
    pub(crate) at: Timestamp,
    pub(crate) units: Vec<u64>,
    /// How many of them there was no room for.
    pub(crate) overrun: Vec<u64>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    pub(crate) holds: BTreeMap<Id, Held>,
    pub(crate) charges: Vec<Charge>,
}

impl Ledger {
    /// All units held of the limit at this position.
    pub(crate) fn held(&self, index: usize) -> u64 {
        self.holds.values().map(|hold| hold.units[index]).sum()
    }

    pub(crate) fn next_expiry(&self) -> Option<Timestamp> {
        self.holds.values().map(|hold| hold.expires).min()
    }

    /// What expired is a charge of that time.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        while let Some(at) = self.next_expiry().filter(|at| *at <= now) {
            let (id, _) = self.holds.iter().find(|(_, hold)| hold.expires == at).unwrap();
            let Held { units, .. } = self.holds.remove(&{ *id }).unwrap();
            self.charge(at, units);
        }
    }

    fn charge(&mut self, at: Timestamp, units: Vec<u64>) {
        let overrun = vec![0; units.len()];
        self.charges.push(Charge { at, units, overrun });
    }

    /// Writes down what was done; `before` is what there was to say right before.
    pub(crate) fn note(
        &mut self,
        operation: &Operation,
        before: &Answer,
        after: &Answer,
        now: Timestamp,
    ) {
        match (operation, after.effect) {
            (Operation::Acquire(asked), effect @ (Effect::Charged | Effect::Held)) => {
                let taken = asked.costs.as_slice().iter().zip(&after.limits);
                let units = taken.map(|(units, status)| match status.verdict {
                    Verdict::Allowed => *units,
                    // One that only watches.
                    _ => 0,
                });
                let units = units.collect();
                match asked.hold.filter(|_| effect == Effect::Held) {
                    Some(hold) => {
                        let expires = now.plus(hold.ttl());
                        self.holds.insert(hold.id(), Held { expires, units });
                    }
                    None => self.charge(now, units),
                }
            }
            (Operation::Settle { hold, costs }, Effect::Settled) => {
                let held = self.holds.remove(hold).unwrap().units;
                let units = costs.map_or_else(|| held.clone(), |costs| costs.as_slice().to_vec());
                let overrun = overrun(&units, &held, before);
                self.charges.push(Charge { at: now, units, overrun });
            }
            (Operation::Release { hold }, Effect::Released) => {
                self.holds.remove(hold).unwrap();
            }
            (Operation::Renew { hold }, Effect::Renewed) => {
                self.holds.get_mut(&hold.id()).unwrap().expires = now.plus(hold.ttl());
            }
            (Operation::Penalise(costs), Effect::Charged) => {
                let units = costs.as_slice().to_vec();
                let overrun = overrun(&units, &vec![0; units.len()], before);
                self.charges.push(Charge { at: now, units, overrun });
            }
            (Operation::Lower { limit, remaining }, Effect::Changed) => {
                let mut units = vec![0; before.limits.len()];
                units[*limit] = before.limits[*limit].remaining - remaining;
                self.charge(now, units);
            }
            (Operation::Reset, _) => *self = Self::default(),
            _ => {}
        }
    }
}

/// What there was no room for, given what was held for it and what remained beside that.
fn overrun(units: &[u64], held: &[u64], before: &Answer) -> Vec<u64> {
    let room = held.iter().zip(&before.limits).map(|(held, status)| held + status.remaining);
    units.iter().zip(room).map(|(units, room)| units.saturating_sub(room)).collect()
}
