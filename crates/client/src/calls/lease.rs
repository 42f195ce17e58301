//! `POST /v1/settle`, `/v1/release` and `/v1/renew`. All of them are safe to repeat: a hold ends once.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Call, Cost};
use crate::error::ClientError;
use crate::heard::Heard;
use crate::millis;

/// The outcome of settling a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The actual costs were charged. Where the answer to a first attempt was lost, a service that does not know
    /// the lease any more is taken to have done it then: if the lease expired instead, what was held was charged.
    Charged,
    /// What was held was charged: one of its limits refuses more than that.
    AsHeld,
    /// The lease had ended before, on one of its keys at least, and what was held there was charged then; or nobody
    /// counted it ([`CountedBy::Nobody`](crate::CountedBy)), so that nothing was ever held.
    Gone,
}

/// What became of a lease.
#[derive(Deserialize)]
struct Ended {
    allowed: bool,
    keys: Vec<EndedKey>,
}

#[derive(Deserialize)]
struct EndedKey {
    /// Whether it had ended there before.
    #[serde(default)]
    gone: bool,
}

#[derive(Serialize)]
struct LeaseBody<'a> {
    lease: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<&'a Cost>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keys: Vec<KeyBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_ms: Option<u64>,
}

#[derive(Serialize)]
struct KeyBody<'a> {
    policy: &'a str,
    key: &'a str,
    cost: &'a Cost,
}

impl<'a> LeaseBody<'a> {
    const fn of(lease: &'a str) -> Self {
        Self { lease, cost: None, keys: Vec::new(), hold_ms: None }
    }
}

/// Charges the actual costs on each of its keys, in their order; without one, what was held.
/// [`Settled::AsHeld`] means that the service refused it: the lease still exists.
pub(crate) fn settle(lease: &str, places: &[(String, String)], costs: &[Cost]) -> Call<Settled> {
    let mut body = LeaseBody::of(lease);
    match (places, costs) {
        ([_], [cost]) => body.cost = Some(cost),
        _ => {
            let keys = places.iter().zip(costs);
            body.keys = keys.map(|((policy, key), cost)| KeyBody { policy, key, cost }).collect();
        }
    }
    Call::post("/v1/settle", &body, true, |heard| match heard.status() {
        200 => {
            let ended: Ended = heard.json()?;
            let was_gone = ended.keys.iter().any(|key| key.gone) && !heard.is_repeated;
            Ok(if was_gone { Settled::Gone } else { Settled::Charged })
        }
        // The lease existed when this was first sent, and only its owner could end it.
        410 if heard.is_repeated => Ok(Settled::Charged),
        410 => Ok(Settled::Gone),
        // Others than a service of tollgate say this, too: then nobody knows what was charged.
        422 | 429 if heard.body().is_ok_and(|ended: Ended| !ended.allowed) => Ok(Settled::AsHeld),
        _ => Err(heard.refusal()),
    })
}

/// Charges nothing. Returns whether the lease existed.
pub(crate) fn release(lease: &str) -> Call<bool> {
    Call::post("/v1/release", &LeaseBody::of(lease), true, |heard| {
        Ok(was_there(heard)? || heard.is_repeated)
    })
}

/// Makes it expire so long from now. Returns whether the lease existed.
pub(crate) fn renew(lease: &str, ttl: Duration) -> Call<bool> {
    let body = LeaseBody { hold_ms: Some(millis::of(ttl)), ..LeaseBody::of(lease) };
    Call::post("/v1/renew", &body, true, was_there)
}

fn was_there(heard: &Heard) -> Result<bool, ClientError> {
    match heard.status() {
        200 => heard.json().map(|ended: Ended| ended.allowed),
        410 => Ok(false),
        _ => Err(heard.refusal()),
    }
}
