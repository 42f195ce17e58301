//! `POST /v1/pools/acquire`, of which the answer always has a body.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Cost;
use super::acquire::Granted;
use crate::answer::Answer;
use crate::error::ClientError;
use crate::heard::Heard;
use crate::held::Token;

/// The member of a pool that let a request pass.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Member {
    /// The policy of the key.
    pub policy: String,
    /// The key that was charged.
    pub key: String,
    /// What the configuration says of it beside that: a region, an account.
    #[serde(rename = "member")]
    pub about: BTreeMap<String, String>,
}

/// A pool, and what is asked of one of its members.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(super) struct PoolLeg {
    pub(super) pool: String,
    pub(super) cost: Cost,
}

#[derive(Deserialize)]
struct GrantText {
    #[serde(flatten)]
    member: Member,
    lease: Option<String>,
}

pub(super) fn charged(heard: &Heard) -> Result<Granted, ClientError> {
    let answer = Answer::read_body(heard)?;
    if !answer.is_allowed() {
        return Ok(Granted { answer, lease: None });
    }
    let GrantText { member, lease } = heard.json()?;
    let answer = Answer { member: Some(Box::new(member)), ..answer };
    Ok(Granted { answer, lease: lease.map(|lease| Token::new(&lease)) })
}

pub(super) fn held(heard: &Heard) -> Result<Granted, ClientError> {
    charged(heard)?.has_lease()
}
