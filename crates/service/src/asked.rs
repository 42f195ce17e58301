//! What a request asks for a key, read from its body.

use std::borrow::Cow;

use tollgate_core::{
    Acquire, Costs, HOLD_TTL_MAX, Hold, Id, KEY_BYTES_MAX, Name, Policy, Share, Span, is_key,
};
use tollgate_store::{Clock, Store};

use crate::body::{CostBody, Members};
use crate::lease::{Lease, id_of, random_id};
use crate::limiter::Limiter;
use crate::opened::Opened;
use crate::problem::Problem;
use crate::session::Session;

/// Longest request id in bytes.
pub(crate) const REQUEST_ID_BYTES_MAX: usize = 128;

/// Longest life of a hold, in milliseconds: 31 days.
pub(crate) const HOLD_MS_MAX: u64 = HOLD_TTL_MAX.as_nanos() / 1_000_000;

/// A policy, a key, and costs.
pub(crate) struct Leg<'a, L: Limiter> {
    pub(crate) opened: &'a Opened<L>,
    pub(crate) key: Cow<'a, str>,
    pub(crate) costs: Costs,
}

impl<L: Limiter> Leg<'_, L> {
    /// A limit whose requested units can only be held, not charged.
    pub(crate) fn needs_hold(&self) -> Option<&Name> {
        let mut limits = self.opened.limits().limits().iter().zip(self.costs.as_slice());
        let slots = limits.find(|(limit, cost)| limit.needs_hold() && **cost > 0);
        slots.map(|(limit, _)| limit.name())
    }

    /// The names of its policy and key, for a lease.
    fn place(&self) -> (String, String) {
        (self.opened.named.name().to_string(), self.key.to_string())
    }
}

/// The lease for the hold with this id on these keys.
pub(crate) fn lease<L: Limiter>(id: Id, legs: &[Leg<'_, L>]) -> Lease {
    Lease { id, legs: legs.iter().map(Leg::place).collect() }
}

/// How a request asks.
pub(crate) struct Manner {
    pub(crate) share: Share,
    /// A unique id, and how long to hold.
    pub(crate) hold: Option<Hold>,
    /// The caller's id of this request.
    pub(crate) once: Option<Id>,
}

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    /// The policy and the key of a request.
    pub(crate) fn policy_and_key<'b>(
        &self,
        body: &mut Members<'b>,
    ) -> Result<(&Opened<L>, Cow<'b, str>), Problem> {
        let policy = body.needed_text("policy")?;
        let key = body.needed_text("key")?;
        let opened = self.opened(&policy).map_err(|problem| problem.at(body.field("policy")))?;
        check_key("key", &key).map_err(|problem| problem.at(body.field("key")))?;
        Ok((opened.at(&key, self.began), key))
    }

    /// Reads a policy, a key, and the costs.
    pub(crate) fn leg<'a, 'b: 'a>(&'a self, body: &mut Members<'b>) -> Result<Leg<'a, L>, Problem> {
        let cost = body.cost()?;
        let (opened, key) = self.policy_and_key(body)?;
        let costs = costs(body, opened.limits(), cost.as_ref())?;
        Ok(Leg { opened, key, costs })
    }
}

impl Manner {
    pub(crate) fn read(body: &mut Members<'_>) -> Result<Self, Problem> {
        let once = request_id(body)?;
        let hold = match body.number("hold_ms", 1..=HOLD_MS_MAX)? {
            Some(hold_ms) => hold(once, hold_ms)?,
            None => None,
        };
        Ok(Self { share: share(body)?, hold, once })
    }

    /// Refuses a request for slots that does not hold them.
    pub(crate) fn suits<L: Limiter>(&self, leg: &Leg<'_, L>) -> Result<(), Problem> {
        match leg.needs_hold() {
            Some(limit) if self.hold.is_none() => {
                let detail = format!("is missing: {limit} is held, and given back");
                Err(Problem::invalid("hold_ms", detail))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn acquire(&self, costs: Costs) -> Acquire {
        Acquire { costs, share: self.share, hold: self.hold, once: self.once }
    }
}

/// A hold with an unguessable id; a repeated request gets the same one.
fn hold(once: Option<Id>, hold_ms: u64) -> Result<Option<Hold>, Problem> {
    let id = once.map_or_else(random_id, Ok)?;
    Ok(Hold::new(id, Span::from_millis(hold_ms)))
}

pub(crate) fn request_id(body: &mut Members<'_>) -> Result<Option<Id>, Problem> {
    match body.text("request_id")? {
        None => Ok(None),
        Some(text) if (1..=REQUEST_ID_BYTES_MAX).contains(&text.len()) => Ok(Some(id_of(&text))),
        Some(text) => {
            let detail = format!("must have 1 to {REQUEST_ID_BYTES_MAX} bytes, not {}", text.len());
            Err(body.invalid("request_id", detail))
        }
    }
}

fn share(body: &mut Members<'_>) -> Result<Share, Problem> {
    let word = body.text("priority")?;
    match word.as_deref() {
        None | Some("high") => Ok(Share::HIGH),
        Some("normal") => Ok(Share::NORMAL),
        Some("low") => Ok(Share::LOW),
        Some(_) => Err(body.invalid("priority", "must be \"high\" or \"normal\" or \"low\"")),
    }
}

pub(crate) fn check_key(field: &str, key: &str) -> Result<(), Problem> {
    if is_key(key) {
        return Ok(());
    }
    let detail = format!("must have 1 to {KEY_BYTES_MAX} bytes, not {}", key.len());
    Err(Problem::invalid(field, detail))
}

/// The costs of a policy's limits.
pub(crate) fn costs(
    body: &Members<'_>,
    policy: &Policy,
    cost: Option<&CostBody<'_>>,
) -> Result<Costs, Problem> {
    let costs = match cost {
        None => policy.costs([]),
        Some(CostBody::Named(named)) => {
            policy.costs(named.iter().map(|(name, units)| (&**name, *units)))
        }
        Some(CostBody::One(units)) => match policy.limits() {
            [limit] => policy.costs([(&**limit.name(), *units)]),
            limits => {
                let detail = format!(
                    "must be an object by limit name, since this policy has {} limits",
                    limits.len()
                );
                return Err(body.invalid("cost", detail));
            }
        },
    };
    costs.map_err(|error| {
        let field = error.limit().map_or_else(|| "cost".into(), |name| format!("cost.{name}"));
        body.invalid(&field, error.reason().to_string())
    })
}
