//! How long records matter under some policies.

use std::collections::BTreeMap;
use std::iter;
use std::sync::{Arc, Mutex, PoisonError};

use tollgate_core::cooldown::Cooldowns;
use tollgate_core::{Policy, Record, Span, Timestamp};
use tollgate_policy::{NamedPolicy, Override, PolicySet};
use tollgate_store::Judgement;

use crate::endpoints::expire_after;
use crate::key::{is_events_key, owner_of, tenant_of_policies};
use crate::live::{Document, History};

/// Most tenants whose live policies are known at a time; records of further tenants stay.
const TENANTS_MAX: usize = 1_000;

/// Judges whether a record still matters, by the policy that its key names or the live policy that it was
/// written under. It learns live changes from the records that it is shown: records of a change that it has
/// not yet seen stay until it has.
///
/// A sweeper must know the policies of everyone who decides over the store: a record that is idle under one
/// policy may be half used up under another of the same name.
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
    policies: BTreeMap<String, NamedPolicy>,
    live: Arc<Mutex<LivePolicies>>,
}

/// What every tenant changed live, each with the bytes it was read from.
type LivePolicies = BTreeMap<Option<String>, (Vec<u8>, Document)>;

impl Retention {
    /// Judges by these policies.
    #[must_use]
    pub fn new(policies: &PolicySet) -> Self {
        let entry = |policy: &NamedPolicy| (policy.name().to_string(), policy.clone());
        Self { policies: policies.iter().map(entry).collect(), live: Arc::default() }
    }

    /// Judges `record`, which is stored under `record_key`, at `now`.
    #[must_use]
    pub fn judge(&self, record_key: &str, record: &[u8], now: Timestamp) -> Judgement {
        if let Some(tenant) = tenant_of_policies(record_key) {
            self.learn(tenant, record);
            return Judgement::Foreign;
        }
        let Some((tenant, policy)) = owner_of(record_key) else {
            return judge_other(record_key, record, now);
        };
        // Bytes that are no record are told apart below.
        let revision = Record::revision_in(record).unwrap_or(0);
        if revision == 0 {
            return judge(self.policies.get(policy), record, now);
        }
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let document = live.get(&tenant.map(str::to_owned)).map(|(_, document)| document);
        let history = document.and_then(|document| document.get(policy));
        judge(self.policy_at(history, policy, revision), record, now)
    }

    fn learn(&self, tenant: Option<&str>, record: &[u8]) {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let tenant = tenant.map(str::to_owned);
        let known = live.get(&tenant);
        let is_known = known.is_some_and(|(bytes, _)| bytes == record);
        if is_known || (known.is_none() && live.len() >= TENANTS_MAX) {
            return;
        }
        if let Ok(document) = Document::decode(Some(record)) {
            live.insert(tenant, (record.to_vec(), document));
        }
    }

    /// The policy under which a record of this revision was written, or is read if that one is forgotten.
    fn policy_at<'a>(
        &'a self,
        history: Option<&'a History>,
        policy: &str,
        revision: u64,
    ) -> Option<&'a NamedPolicy> {
        let mut versions = history?.versions.iter();
        let version = versions.find(|version| version.revision >= revision)?;
        version.policy.as_ref().or_else(|| self.policies.get(policy))
    }
}

/// A record matters as long as it does under any of the numbers that its key may have.
fn judge(policy: Option<&NamedPolicy>, record: &[u8], now: Timestamp) -> Judgement {
    let Some(policy) = policy else { return Judgement::UnknownPolicy };
    let overrides = policy.overrides().iter().map(Override::limits);
    let forget_after = |numbers: &Policy| {
        Record::decode(numbers, record).map(|record| record.forget_after(numbers, now))
    };
    let each = iter::once(policy.limits()).chain(overrides).map(forget_after);
    match each.collect::<Result<Vec<_>, _>>() {
        Ok(each) => Judgement::ForgetAfter(each.into_iter().max().unwrap_or(Span::NEVER)),
        Err(_) => Judgement::Corrupt,
    }
}

/// Events that have all expired have no effect. Foreign records are not judged; and a barrier counts its
/// generations for ever, so that nobody arrives at one that is long over.
pub(crate) fn judge_other(record_key: &str, record: &[u8], now: Timestamp) -> Judgement {
    if !is_events_key(record_key) {
        return Judgement::Foreign;
    }
    match Cooldowns::decode(record) {
        Ok(events) => Judgement::ForgetAfter(expire_after(&events, now)),
        Err(_) => Judgement::Corrupt,
    }
}
