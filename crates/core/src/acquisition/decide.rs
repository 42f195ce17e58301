//! What decides on one key: the core in this process, or a limiter behind a component boundary.

use alloc::vec::Vec;
use core::fmt;

use crate::apply::decision::Decision;
use crate::apply::operation::Operation;
use crate::apply::outcome::{Effect, Verdict};
use crate::apply::standing::LimitStatus;
use crate::policy::Policy;
use crate::record::Record;
use crate::record::codec::CorruptRecord;
use crate::time::{Span, Timestamp};

/// Decides on one key of several.
///
/// It must depend only on its arguments: it is called again after every conflict.
pub trait Decide {
    /// Why there is no decision.
    type Error;

    /// Applies `operation` at `now` to the record of the key at the position `leg`; `None` when the key
    /// is absent.
    ///
    /// # Errors
    /// Whatever keeps it from deciding: an unreadable record, a missing policy.
    fn apply(
        &self,
        leg: usize,
        record: Option<&[u8]>,
        operation: &Operation,
        now: Timestamp,
    ) -> Result<Applied, Self::Error>;

    /// How long after `now` a record that it made for the key at the position `leg` decides as an absent
    /// one would. [`Span::NEVER`] by default.
    fn forget_after(&self, leg: usize, record: &[u8], now: Timestamp) -> Span {
        let _ = (leg, record, now);
        Span::NEVER
    }
}

/// The outcome of an operation on one key, without borrowing the policy or the record. See
/// [`Decision`] for what each part means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// May it pass?
    pub verdict: Verdict,
    /// What was done.
    pub effect: Effect,
    /// Where each limit stands, in the policy's order.
    pub limits: Vec<LimitStatus>,
    /// How long to wait until the same request passes.
    pub retry_after: Span,
    /// How long the key is closed whatever its limits say.
    pub closed_for: Span,
    /// How long an admitted request has to wait its turn.
    pub delay: Span,
    /// The record to write; `None` when it did not change.
    pub record: Option<Vec<u8>>,
}

impl Applied {
    /// What a decision under this policy says.
    #[must_use]
    pub fn new(policy: &Policy, decision: &Decision<'_>) -> Self {
        let mut limits = Vec::with_capacity(policy.limits().len());
        let waits = decision.waits(|status| limits.push(status));
        Self {
            verdict: decision.verdict(),
            effect: decision.effect(),
            limits,
            retry_after: waits.retry_after,
            closed_for: waits.closed_for,
            delay: waits.delay,
            record: decision.changed().then(|| decision.record().encode(policy)),
        }
    }

    pub(super) fn is_allowed(&self) -> bool {
        self.verdict == Verdict::Allowed
    }
}

/// One policy per key, in the order of the keys.
impl Decide for &[&Policy] {
    type Error = DecideError;

    fn apply(
        &self,
        leg: usize,
        record: Option<&[u8]>,
        operation: &Operation,
        now: Timestamp,
    ) -> Result<Applied, DecideError> {
        let policy = self.get(leg).ok_or(DecideError::NoPolicy { leg })?;
        let mut record = match record {
            Some(bytes) => Record::decode(policy, bytes)
                .map_err(|error| DecideError::Corrupt { leg, error })?,
            None => Record::new(policy),
        };
        Ok(Applied::new(policy, &policy.apply(&mut record, operation, now)))
    }

    fn forget_after(&self, leg: usize, record: &[u8], now: Timestamp) -> Span {
        let policy = self.get(leg);
        let record = policy.and_then(|policy| Some((policy, Record::decode(policy, record).ok()?)));
        record.map_or(Span::NEVER, |(policy, record)| record.forget_after(policy, now))
    }
}

/// Why the core could not decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecideError {
    /// There are more keys than policies.
    NoPolicy {
        /// The position of the first key without one.
        leg: usize,
    },
    /// The value stored under a key is not a record.
    Corrupt {
        /// The key's position.
        leg: usize,
        /// What is wrong with it.
        error: CorruptRecord,
    },
}

impl fmt::Display for DecideError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPolicy { leg } => write!(f, "keys[{leg}]: there is no policy for it"),
            Self::Corrupt { leg, error } => write!(f, "keys[{leg}]: {error}"),
        }
    }
}

impl core::error::Error for DecideError {}
