//! `POST /v1/pools/acquire`.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use super::Cost;
use super::acquire::{self, Granted};
use crate::answer::Answer;
use crate::error::ClientError;
use crate::heard::Heard;

/// The member of a pool that admitted a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The policy of the key.
    pub policy: String,
    /// The key that was charged.
    pub key: String,
    /// What else the configuration says about it: a region, an account.
    pub about: BTreeMap<String, String>,
}

/// A pool, and the cost asked of one of its members.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(super) struct PoolLeg {
    pub(super) pool: String,
    pub(super) cost: Cost,
}

pub(super) fn charged(heard: &Heard) -> Result<Granted, ClientError> {
    named(acquire::charged(heard)?, heard)
}

pub(super) fn held(heard: &Heard) -> Result<Granted, ClientError> {
    named(acquire::held(heard)?, heard)
}

/// What was granted, with the member that granted it.
fn named(granted: Granted, heard: &Heard) -> Result<Granted, ClientError> {
    if !granted.answer.is_allowed() {
        return Ok(granted);
    }
    let member = heard.field("tollgate-member").and_then(member);
    let member =
        member.ok_or_else(|| ClientError::protocol("it lets pass, and names no member"))?;
    let answer = Answer { member: Some(Box::new(member)), ..granted.answer };
    Ok(Granted { answer, ..granted })
}

/// The member of a form such as `policy=llm&key=account-a&region=eu`.
fn member(form: &str) -> Option<Member> {
    let pairs = form.split('&').map(|pair| {
        let (name, text) = pair.split_once('=')?;
        let text = percent_decode_str(text).decode_utf8().ok()?;
        Some((name.to_owned(), text.into_owned()))
    });
    let mut about = pairs.collect::<Option<BTreeMap<_, _>>>()?;
    Some(Member { policy: about.remove("policy")?, key: about.remove("key")?, about })
}
