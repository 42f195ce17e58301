//! What decides: the core linked in, or a limiter component behind a WebAssembly border.

use tollgate_core::{
    CorruptRecord, Effect, LimitStatus, Operation, Policy, Record, Span, Timestamp, Verdict,
};

/// Decides over records. Policies are opened once, and then named by what [`open`](Self::open) gave.
pub trait Limiter {
    /// An open policy.
    type Opened;

    /// Makes a policy ready for deciding.
    ///
    /// # Errors
    /// A [`LimiterError`] when this limiter can't take it.
    fn open(&self, policy: &Policy) -> Result<Self::Opened, LimiterError>;

    /// Does `operation` to a key at `now`, over its record.
    ///
    /// # Errors
    /// A [`LimiterError`]; nothing was done.
    fn apply(
        &self,
        policy: &Self::Opened,
        record: Option<&[u8]>,
        operation: &Operation,
        now: Timestamp,
    ) -> Result<Outcome, LimiterError>;
}

/// A decision, made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// May it pass?
    pub verdict: Verdict,
    /// What was done.
    pub effect: Effect,
    /// How long to wait until the same request passes: zero when it did.
    pub retry_after: Span,
    /// Where each limit stands after it, in the policy's order.
    pub limits: Vec<LimitStatus>,
    /// The record to write, if it changed.
    pub record: Option<Vec<u8>>,
}

/// Why a limiter could not decide.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimiterError {
    /// The bytes in the store are no record.
    #[error("{0}")]
    Corrupt(#[from] CorruptRecord),
    /// The limiter is not the one that this service was built for.
    #[error("the limiter refused: {0}")]
    Refused(String),
}

/// The core, linked in.
#[derive(Debug, Clone, Copy, Default)]
pub struct CoreLimiter;

impl Limiter for CoreLimiter {
    type Opened = Policy;

    fn open(&self, policy: &Policy) -> Result<Policy, LimiterError> {
        Ok(policy.clone())
    }

    fn apply(
        &self,
        policy: &Policy,
        record: Option<&[u8]>,
        operation: &Operation,
        now: Timestamp,
    ) -> Result<Outcome, LimiterError> {
        let mut record = match record {
            Some(bytes) => Record::decode(policy, bytes)?,
            None => Record::new(policy),
        };
        let decision = policy.apply(&mut record, operation, now);
        Ok(Outcome {
            verdict: decision.verdict(),
            effect: decision.effect(),
            retry_after: decision.retry_after(),
            limits: decision.limits().collect(),
            record: decision.changed().then(|| decision.record().encode(policy)),
        })
    }
}
