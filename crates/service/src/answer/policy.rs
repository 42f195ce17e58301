//! A tenant's policies as HTTP answers.

use std::collections::BTreeMap;

use serde::Serialize;
use tollgate_core::{Name, Timestamp};
use tollgate_policy::{NamedPolicy, Value};

use crate::live::{History, Version, migration_word};

/// All policies.
#[derive(Serialize)]
pub(crate) struct PoliciesBody<'a> {
    /// How many changes the tenant has made.
    revision: u64,
    policies: Vec<ListedBody<'a>>,
}

#[derive(Serialize)]
struct ListedBody<'a> {
    name: &'a str,
    source: &'static str,
    revision: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_revision: Option<u64>,
}

/// The policy in force, and the one that takes effect next.
#[derive(Serialize)]
pub(crate) struct PolicyBody<'a> {
    name: &'a str,
    #[serde(flatten)]
    in_force: VersionBody<'a>,
    /// The latest version, until it takes effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<VersionBody<'a>>,
}

#[derive(Serialize)]
struct VersionBody<'a> {
    /// `live`, `configuration`, or `none` if there is no policy.
    source: &'static str,
    /// 0 if the policy was never changed.
    revision: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_at_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    migration: Option<&'static str>,
    /// With the fields of a policy text.
    policy: Option<&'a Value<'a>>,
    limits: BTreeMap<&'a str, LimitBody>,
}

/// A limit's numbers, in the same form for every algorithm.
#[derive(Serialize)]
struct LimitBody {
    limit: u64,
    /// How long until the whole limit is available again; `null` if it never is, or only as units are released.
    period_ms: Option<u64>,
}

impl<'a> PoliciesBody<'a> {
    pub(crate) fn new(revision: u64, policies: impl Iterator<Item = PolicyBody<'a>>) -> Self {
        let listed = policies.map(|policy| ListedBody {
            name: policy.name,
            source: policy.in_force.source,
            revision: policy.in_force.revision,
            next_revision: policy.next.map(|next| next.revision),
        });
        Self { revision, policies: listed.collect() }
    }
}

impl<'a> PolicyBody<'a> {
    /// `None` if there is no policy, now or next.
    pub(crate) fn new(
        name: &'a Name,
        history: Option<&'a History>,
        configured: Option<&'a NamedPolicy>,
        now: Timestamp,
    ) -> Option<Self> {
        let in_force = history.and_then(|history| history.at(now));
        let newest = history.and_then(History::newest).filter(|it| it.effective_at() > now);
        let in_force = VersionBody::new(in_force, configured);
        let next = newest.map(|newest| VersionBody::new(Some(newest), configured));
        let is_any = in_force.policy.is_some() || next.is_some();
        is_any.then_some(Self { name, in_force, next })
    }
}

impl<'a> VersionBody<'a> {
    fn new(version: Option<&'a Version>, configured: Option<&'a NamedPolicy>) -> Self {
        let changed = version.filter(|version| version.revision > 0);
        let live = changed.and_then(|version| version.policy.as_ref());
        let policy = live.or(configured);
        let source = match (live, configured) {
            (Some(_), _) => "live",
            (None, Some(_)) => "configuration",
            (None, None) => "none",
        };
        Self {
            source,
            revision: changed.map_or(0, |version| version.revision),
            effective_at_ms: changed.map(|version| version.effective_at_ms),
            migration: changed.map(|version| migration_word(version.carry)),
            policy: policy.map(NamedPolicy::text),
            limits: policy.map(limits).unwrap_or_default(),
        }
    }
}

fn limits(policy: &NamedPolicy) -> BTreeMap<&str, LimitBody> {
    let limits = policy.limits().limits().iter().map(|limit| {
        let body =
            LimitBody { limit: limit.capacity(), period_ms: limit.period().finite_millis_ceil() };
        (&**limit.name(), body)
    });
    limits.collect()
}
