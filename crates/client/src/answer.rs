//! What a caller is told.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::calls::Member;
use crate::error::ClientError;
use crate::heard::{Heard, MINIMAL};
use crate::{limits_field, millis};

/// May it pass?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Yes, and it was charged or held.
    Allowed,
    /// Not now.
    Limited,
    /// Never: a cost exceeds what its limit can ever offer.
    Impossible,
}

/// Who counted an admitted request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedBy {
    /// The store, for everybody.
    Store,
    /// One process alone, at a share of every limit, while the store could not be asked.
    Process,
    /// Nobody: the store could not be asked, and the policy admits requests then.
    Nobody,
}

/// Where one limit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct LimitStatus {
    /// The most units that can be asked for at once.
    pub limit: u64,
    /// The units that could be asked for now.
    pub remaining: u64,
    /// How long until this cost passes this limit: zero if it does, `None` if it never will.
    #[serde(rename = "retry_after_ms", deserialize_with = "millis::read_wait")]
    pub retry_after: Option<Duration>,
    /// How long until the limit is as if never used; `None` for a budget that is not given back.
    #[serde(rename = "reset_after_ms", deserialize_with = "millis::read_wait")]
    pub reset_after: Option<Duration>,
    /// How long an admitted request has to wait its turn: zero except for a leaky queue.
    #[serde(rename = "delay_ms", deserialize_with = "millis::read", default)]
    pub delay: Duration,
}

/// Where the limits of a policy stand, by their names.
pub type Limits = BTreeMap<String, LimitStatus>;

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// May it pass?
    pub verdict: Verdict,
    /// How long to wait until the same request passes, if no others come first: zero if it did, `None`
    /// if it never will. For several keys it is in whole seconds.
    pub retry_after: Option<Duration>,
    /// How long an admitted request has to wait its turn: zero except for a leaky queue.
    pub delay: Duration,
    /// Who counted it.
    pub counted_by: CountedBy,
    /// Whether it was let pass before, under its request id, and not charged again now.
    pub is_repeated: bool,
    /// Where the limits stand; empty for several keys.
    pub limits: Limits,
    /// Of a pool, the member that let it pass.
    pub member: Option<Box<Member>>,
}

impl Answer {
    /// Whether it may pass.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.verdict == Verdict::Allowed
    }

    pub(crate) fn new(verdict: Verdict, retry_after: Option<Duration>, limits: Limits) -> Self {
        let delay = limits.values().map(|limit| limit.delay).max().unwrap_or_default();
        let (counted_by, is_repeated, member) = (CountedBy::Store, false, None);
        Self { verdict, retry_after, delay, counted_by, is_repeated, limits, member }
    }

    /// The decision in the status and header fields of an answer to `Prefer: return=minimal`.
    pub(crate) fn read(heard: &Heard) -> Result<Self, ClientError> {
        let is_minimal = heard.field("preference-applied") == Some(MINIMAL);
        let verdict = match heard.status() {
            200 if is_minimal => Verdict::Allowed,
            200 => return Err(ClientError::protocol("it says nothing of `return=minimal`")),
            429 => Verdict::Limited,
            422 if is_minimal => Verdict::Impossible,
            _ => return Err(heard.refusal()),
        };
        let limits = limits_field::parse(heard.field("tollgate-limits").unwrap_or_default())?;
        let retry_after = match verdict {
            Verdict::Allowed => Some(Duration::ZERO),
            Verdict::Limited => retry_after(heard, &limits)?,
            Verdict::Impossible => None,
        };
        let is_repeated = heard.field("tollgate-repeated").is_some();
        let counted_by = counted_by(heard);
        Ok(Self { counted_by, is_repeated, ..Self::new(verdict, retry_after, limits) })
    }
}

fn counted_by(heard: &Heard) -> CountedBy {
    match (heard.field("tollgate-uncounted"), heard.field("tollgate-local")) {
        (Some(_), _) => CountedBy::Nobody,
        (None, Some(_)) => CountedBy::Process,
        (None, None) => CountedBy::Store,
    }
}

/// The wait in milliseconds where a limit that denies says it: one that only watches may name a longer one. A key
/// that is blocked says it in seconds alone, and never none: who says none is no service.
fn retry_after(heard: &Heard, limits: &Limits) -> Result<Option<Duration>, ClientError> {
    let Some(told) = heard.retry_after() else { return Ok(None) };
    let violated = limits_field::parse(heard.field("tollgate-violated").unwrap_or_default())?;
    let denies = |name: &String| violated.is_empty() || violated.contains_key(name);
    let denying = limits.iter().filter(|(name, _)| denies(name));
    let waits = denying.filter_map(|(_, limit)| limit.retry_after);
    let exact = waits.filter(|wait| *wait <= told).max().unwrap_or_default();
    let is_it = exact > Duration::ZERO && told.saturating_sub(exact) < Duration::from_secs(1);
    Ok(Some(if is_it { exact } else { told.max(Duration::from_secs(1)) }))
}
