//! What both clients, async and blocking, know about a lease.

use std::fmt;

use crate::answer::Answer;
use crate::calls::{self, Acquire, Call, Cost, Granted, Settled};
use crate::error::ClientError;

/// The token of a lease. Whoever has it can settle the lease, so it is never shown.
#[derive(PartialEq, Eq)]
pub(crate) struct Token(Box<str>);

/// A lease, and the keys that it is on.
#[derive(Debug)]
pub(crate) struct Held {
    /// `None` if nobody counted it: then there is nothing to settle.
    token: Option<Token>,
    places: Vec<(String, String)>,
    pub(crate) answer: Answer,
    pub(crate) is_over: bool,
}

impl Held {
    pub(crate) fn new(granted: Granted, asked: &Acquire) -> Self {
        let is_over = granted.lease.is_none();
        // For a pool, the key is the member that was chosen.
        let places = match &granted.answer.member {
            Some(member) => vec![(member.policy.clone(), member.key.clone())],
            None => asked.places(),
        };
        Self { token: granted.lease, places, answer: granted.answer, is_over }
    }

    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_ref().map(|token| &*token.0)
    }

    /// Refuses more costs than it has keys.
    pub(crate) fn check(&self, costs: &[Cost]) -> Result<(), ClientError> {
        if costs.len() <= self.places.len() {
            return Ok(());
        }
        let detail = format!("there are {} for {} keys", costs.len(), self.places.len());
        Err(ClientError::refused("costs", detail))
    }

    /// For these costs on its keys, in their order, or for what was held.
    pub(crate) fn settle(&self, costs: &[Cost]) -> Option<Call<Settled>> {
        self.token().map(|token| calls::settle(token, &self.places, costs))
    }
}

impl Token {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}
