//! The limiter in virtual time: the records that a store would hold, and the decisions on them.

use std::collections::HashMap;

use anyhow::{Context as _, Result, bail};
use tollgate_core::{Decision, Record, Verdict};
use tollgate_policy::NamedPolicy;

use crate::trace::Event;

/// Maximum keys. Each takes some 150 bytes plus its own length.
const KEYS_MAX: usize = 5_000_000;

/// A policy, and a record for every key seen.
pub(crate) struct Simulation<'p> {
    policy: &'p NamedPolicy,
    keys: HashMap<String, KeyState>,
    keys_max: usize,
    /// The record of the last decision.
    record: Record,
}

/// The record and counts of a key.
#[derive(Default)]
struct KeyState {
    /// The record as a store would hold it; empty until something is written.
    stored: Vec<u8>,
    tally: KeyTally,
}

/// How the requests of a key were decided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct KeyTally {
    pub(crate) requests: u64,
    pub(crate) allowed: u64,
    pub(crate) limited: u64,
    pub(crate) impossible: u64,
}

impl<'p> Simulation<'p> {
    pub(crate) fn new(policy: &'p NamedPolicy) -> Self {
        let (keys, record) = (HashMap::new(), Record::new(policy.limits()));
        Self { policy, keys, keys_max: KEYS_MAX, record }
    }

    /// Decides on a request at its own time: reads the key's record, and writes it if it changed.
    pub(crate) fn decide<'a>(&'a mut self, event: &'a Event) -> Result<Decision<'a>> {
        let Event { line, key, .. } = event;
        if !self.keys.contains_key(key) {
            if self.keys.len() == self.keys_max {
                let most = self.keys_max;
                bail!(
                    "line {line}: there are more than {most} keys; choose a key with fewer values"
                );
            }
            self.keys.insert(key.clone(), KeyState::default());
        }
        let state = self.keys.get_mut(key).context("a key that was inserted is there")?;
        let policy = self.policy.limits_at(key, event.time);
        self.record = if state.stored.is_empty() {
            Record::new(policy)
        } else {
            Record::decode(policy, &state.stored)?
        };
        let decision = policy.apply(&mut self.record, &event.operation, event.time);
        if decision.changed() {
            state.stored.clear();
            decision.record().encode_into(policy, &mut state.stored);
        }
        state.tally.add(decision.verdict());
        Ok(decision)
    }

    /// How many keys were seen.
    pub(crate) fn key_count(&self) -> usize {
        self.keys.len()
    }

    /// The `count` keys refused most often. Ties go to the key with more requests, then by name.
    pub(crate) fn top_keys(&self, count: usize) -> Vec<(&str, KeyTally)> {
        let mut keys: Vec<(&str, KeyTally)> =
            self.keys.iter().map(|(key, state)| (key.as_str(), state.tally)).collect();
        keys.sort_unstable_by(|(a_key, a), (b_key, b)| {
            let order = b.refused().cmp(&a.refused()).then(b.requests.cmp(&a.requests));
            order.then_with(|| a_key.cmp(b_key))
        });
        keys.truncate(count);
        keys
    }
}

impl KeyTally {
    const fn add(&mut self, verdict: Verdict) {
        self.requests += 1;
        match verdict {
            Verdict::Allowed => self.allowed += 1,
            Verdict::Limited => self.limited += 1,
            Verdict::Impossible => self.impossible += 1,
        }
    }

    const fn refused(&self) -> u64 {
        self.limited + self.impossible
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use tollgate_core::Timestamp;
    use tollgate_policy::PolicySet;

    fn policy() -> NamedPolicy {
        let text = "[policy.p]\n\
            requests = { algorithm = 'token-bucket', capacity = 2, refill = 1, per = '1s' }\n\
            overrides = [{ keys = ['gold'], requests = { capacity = 9 } }]";
        PolicySet::parse(text).unwrap().get("p").unwrap().clone()
    }

    fn event(policy: &NamedPolicy, key: &str, secs: u64, cost: u64) -> Event {
        let operation = policy.limits().costs([("requests", cost)]).unwrap().into();
        Event { line: 7, time: Timestamp::from_secs(secs), key: key.to_owned(), operation }
    }

    #[test]
    fn every_key_has_its_own_record_and_time_refills_it() {
        let policy = policy();
        let mut simulation = Simulation::new(&policy);
        let rows = [
            ("a", 10, 1, Verdict::Allowed),
            ("a", 10, 1, Verdict::Allowed),
            ("a", 10, 1, Verdict::Limited),
            ("b", 10, 2, Verdict::Allowed),
            ("a", 11, 1, Verdict::Allowed),
            ("b", 11, 3, Verdict::Impossible),
            ("gold", 11, 9, Verdict::Allowed),
        ];
        for (key, secs, cost, verdict) in rows {
            let event = event(&policy, key, secs, cost);
            assert_eq!(simulation.decide(&event).unwrap().verdict(), verdict, "{key} at {secs}");
        }
        assert_eq!(simulation.key_count(), 3);
        let a = KeyTally { requests: 4, allowed: 3, limited: 1, impossible: 0 };
        let b = KeyTally { requests: 2, allowed: 1, limited: 0, impossible: 1 };
        assert_eq!(simulation.top_keys(2), [("a", a), ("b", b)]);
        assert_eq!(simulation.top_keys(1), [("a", a)]);
    }

    #[test]
    fn a_refused_key_is_stored_nothing_for() {
        let policy = policy();
        let mut simulation = Simulation::new(&policy);
        simulation.decide(&event(&policy, "a", 10, 3)).unwrap();
        assert!(simulation.keys["a"].stored.is_empty());
    }

    #[test]
    fn keys_with_as_many_refusals_are_ordered_by_requests_and_then_by_name() {
        let policy = policy();
        let mut simulation = Simulation::new(&policy);
        for (key, cost) in [("c", 0), ("b", 0), ("b", 0), ("a", 0), ("z", 3)] {
            simulation.decide(&event(&policy, key, 10, cost)).unwrap();
        }
        let keys: Vec<&str> = simulation.top_keys(9).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["z", "b", "a", "c"]);
    }

    #[test]
    fn too_many_keys_are_an_error_that_names_the_line() {
        let policy = policy();
        let mut simulation = Simulation { keys_max: 1, ..Simulation::new(&policy) };
        simulation.decide(&event(&policy, "a", 10, 1)).unwrap();
        simulation.decide(&event(&policy, "a", 10, 1)).unwrap();
        let error = simulation.decide(&event(&policy, "b", 10, 1)).unwrap_err().to_string();
        assert_eq!(error, "line 7: there are more than 1 keys; choose a key with fewer values");
    }
}
