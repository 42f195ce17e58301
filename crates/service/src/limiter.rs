//! What decides: the core linked in, or a limiter component behind a WebAssembly border.

use tollgate_core::{CorruptRecord, Costs, LimitStatus, Policy, Record, Timestamp, Verdict};

/// Decides over records. Policies are opened once, and then named by what [`open`](Self::open) gave.
pub trait Limiter {
    /// An open policy.
    type Opened;

    /// Makes a policy ready for deciding.
    ///
    /// # Errors
    /// A [`LimiterError`] when this limiter can't take it.
    fn open(&self, policy: &Policy) -> Result<Self::Opened, LimiterError>;

    /// Decides on a request that asks for `costs` at `now`, over the record of a key.
    ///
    /// # Errors
    /// A [`LimiterError`]; nothing was charged.
    fn decide(
        &self,
        policy: &Self::Opened,
        record: Option<&[u8]>,
        costs: &Costs,
        now: Timestamp,
    ) -> Result<Outcome, LimiterError>;
}

/// A decision, made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// May it pass?
    pub verdict: Verdict,
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

    fn decide(
        &self,
        policy: &Policy,
        record: Option<&[u8]>,
        costs: &Costs,
        now: Timestamp,
    ) -> Result<Outcome, LimiterError> {
        let mut record = match record {
            Some(bytes) => Record::decode(policy, bytes)?,
            None => Record::new(policy),
        };
        let decision = policy.decide(&mut record, costs, now);
        Ok(Outcome {
            verdict: decision.verdict(),
            limits: decision.limits().collect(),
            record: decision.changed().then(|| decision.record().encode(policy)),
        })
    }
}
