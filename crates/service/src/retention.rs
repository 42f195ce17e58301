//! How long the records of some policies matter.

use std::collections::BTreeMap;

use tollgate_core::cooldown::Cooldowns;
use tollgate_core::{Policy, Record, Timestamp};
use tollgate_policy::{NamedPolicy, PolicySet};
use tollgate_store::Judgement;

use crate::endpoints::expire_after;
use crate::key::{is_events_key, policy_of};

/// Says of a record whether it still matters, by the policy that its key names.
///
/// Whoever sweeps a store has to know the policies of everyone who decides over it: a record that is
/// idle under one policy may be half used up under another of the same name.
///
/// ```
/// use tollgate_core::{Span, Timestamp};
/// use tollgate_policy::PolicySet;
/// use tollgate_service::Retention;
/// use tollgate_store::Judgement;
///
/// let text = "[policy.api]\nrequests = { algorithm = 'gcra', limit = 100, per = '1m' }";
/// let retention = Retention::new(&PolicySet::parse(text).unwrap());
/// let now = Timestamp::from_secs(1_800_000_000);
/// assert_eq!(retention.judge("r/api/alice", &[1], now), Judgement::ForgetAfter(Span::ZERO));
/// assert_eq!(retention.judge("r/other/alice", &[1], now), Judgement::UnknownPolicy);
/// assert_eq!(retention.judge("r/api/alice", &[0], now), Judgement::Corrupt);
/// assert_eq!(retention.judge("something else", &[1], now), Judgement::Foreign);
/// ```
#[derive(Debug, Clone)]
pub struct Retention {
    policies: BTreeMap<String, Policy>,
}

impl Retention {
    /// What these policies say.
    #[must_use]
    pub fn new(policies: &PolicySet) -> Self {
        let entry = |policy: &NamedPolicy| (policy.name().to_string(), policy.limits().clone());
        Self { policies: policies.iter().map(entry).collect() }
    }

    /// Judges `record`, which is stored under `record_key`, at `now`.
    #[must_use]
    pub fn judge(&self, record_key: &str, record: &[u8], now: Timestamp) -> Judgement {
        let Some(name) = policy_of(record_key) else { return judge_other(record_key, record, now) };
        let Some(policy) = self.policies.get(name) else { return Judgement::UnknownPolicy };
        match Record::decode(policy, record) {
            Ok(record) => Judgement::ForgetAfter(record.forget_after(policy, now)),
            Err(_) => Judgement::Corrupt,
        }
    }
}

/// Events that have all expired count for nothing. What is no record of ours is nobody's to judge; and a
/// barrier counts its generations for ever, so that nobody arrives at one that is long over.
fn judge_other(record_key: &str, record: &[u8], now: Timestamp) -> Judgement {
    if !is_events_key(record_key) {
        return Judgement::Foreign;
    }
    match Cooldowns::decode(record) {
        Ok(events) => Judgement::ForgetAfter(expire_after(&events, now)),
        Err(_) => Judgement::Corrupt,
    }
}
