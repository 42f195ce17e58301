//! A record in readable form.

use std::collections::BTreeMap;

use serde::Serialize;
use tollgate_core::{Policy, Record, Timestamp};
use tollgate_policy::PolicySet;
use tollgate_service::{key_of, policy_of};

/// Decodes the records of the policies that it knows, as of one moment.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    policies: PolicySet,
    now: Timestamp,
}

/// A decoded record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Decoded {
    /// Where its limits stand.
    Record {
        /// By their names.
        limits: BTreeMap<String, LimitView>,
        /// Milliseconds until, if unused, it decides as an absent record would; `None` for never.
        forget_after_ms: Option<u64>,
    },
    /// It is not a record.
    Corrupt {
        /// What is wrong with it.
        corrupt: String,
    },
}

/// Where one limit stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LimitView {
    /// The most units that one request can ask for.
    pub limit: u64,
    /// The units available now.
    pub remaining: u64,
    /// The units that are held.
    pub held: u64,
    /// Milliseconds until it is as if never used; `None` for never.
    pub reset_after_ms: Option<u64>,
}

impl Decoder {
    /// A decoder for records of `policies` at `now`.
    #[must_use]
    pub const fn new(policies: PolicySet, now: Timestamp) -> Self {
        Self { policies, now }
    }

    /// Decodes `bytes` under `record_key`; `None` if the policy is not known, such as one that was put
    /// while serving.
    #[must_use]
    pub fn decode(&self, record_key: &str, bytes: &[u8]) -> Option<Decoded> {
        if Record::revision_in(bytes).is_ok_and(|revision| revision > 0) {
            return None;
        }
        let policy = self.policies.get(policy_of(record_key)?)?;
        // A hashed key has the policy's default numbers, not those of a named key.
        let limits_at = |key: &str| policy.limits_at(key, self.now);
        let policy = key_of(record_key).map_or_else(|| policy.limits(), limits_at);
        Some(match Record::decode(policy, bytes) {
            Ok(record) => self.view(policy, record),
            Err(error) => Decoded::Corrupt { corrupt: error.to_string() },
        })
    }

    fn view(&self, policy: &Policy, mut record: Record) -> Decoded {
        let forget_after_ms = record.forget_after(policy, self.now).finite_millis_ceil();
        let peek = policy.no_costs().into();
        let decision = policy.apply(&mut record, &peek, self.now);
        let statuses = policy.limits().iter().zip(decision.limits());
        let limits = statuses.map(|(limit, status)| {
            let view = LimitView {
                limit: status.limit,
                remaining: status.remaining,
                held: status.held,
                reset_after_ms: status.reset_after.finite_millis_ceil(),
            };
            (limit.name().to_string(), view)
        });
        Decoded::Record { limits: limits.collect(), forget_after_ms }
    }
}
