//! `POST /v1/acquire`: the request, for keys and for pools.

use std::time::Duration;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::Call;
use super::pool::{self, PoolLeg};
use crate::answer::{Answer, CountedBy};
use crate::error::ClientError;
use crate::heard::Heard;
use crate::held::Token;
use crate::{millis, random};

/// Longest wait on the service.
const SERVER_WAIT_MAX: Duration = Duration::from_secs(4);

/// A request: costs under a policy and a key, or under several, all or nothing; or of whichever member of a
/// pool has room.
///
/// ```
/// use tollgate_client::{Acquire, Priority};
///
/// let call = Acquire::new("llm", "team-7", [("input_tokens", 812)]);
/// let either_way = Acquire::new("api", "alice", 1).and("api", "acme", 1).with_priority(Priority::Low);
/// let anywhere = Acquire::from_pool("chat", [("input_tokens", 812)]);
/// # drop((call, either_way, anywhere));
/// ```
///
/// Each request gets a random id, under which a service charges it once however often it is sent: the
/// key remembers the last 16. A policy that counts locally while its store fails, or that lets a process
/// count for itself (`contention = "lease"`), does not do so for a request with an id: send it
/// [`without_request_id`](Self::without_request_id) there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acquire {
    pool: Option<PoolLeg>,
    legs: Vec<Leg>,
    priority: Option<Priority>,
    id: RequestId,
}

/// Units by limit name; for a policy with one limit, a plain number. A limit that is not named costs its
/// `default_cost`: `[]` names none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost(CostText);

/// How much of each capacity a request may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// All of it; the default.
    High,
    /// 80 %.
    Normal,
    /// Half.
    Low,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum RequestId {
    Drawn,
    Given(String),
    None,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum CostText {
    One(u64),
    ByName(Vec<(String, u64)>),
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
struct Leg {
    policy: String,
    key: String,
    cost: Cost,
}

/// The outcome of an acquire.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) answer: Answer,
    /// The lease of a hold; there is none if nobody counted it.
    pub(crate) lease: Option<Token>,
}

/// An acquire as it is sent.
#[derive(serde::Serialize)]
pub(super) struct AcquireBody<'a> {
    #[serde(flatten)]
    legs: LegsBody<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<Priority>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wait_ms: Option<u64>,
}

#[derive(serde::Serialize)]
#[serde(untagged)]
enum LegsBody<'a> {
    One(&'a Leg),
    Several {
        keys: &'a [Leg],
    },
    Pool {
        #[serde(flatten)]
        pool: &'a PoolLeg,
        /// Must be empty, or the service refuses the request.
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        keys: &'a [Leg],
    },
}

impl Acquire {
    /// This cost under a policy and a key. The service validates them.
    #[must_use]
    pub fn new(policy: &str, key: &str, cost: impl Into<Cost>) -> Self {
        Self { pool: None, legs: Vec::new(), priority: None, id: RequestId::Drawn }
            .and(policy, key, cost)
    }

    /// This cost of a member of a pool: of the first one that has room, in the order that the pool's policy
    /// text says, or that is derived from the id of the request. [`Answer::member`] says which it was. Any
    /// waiting is done here, not on the service.
    #[must_use]
    pub fn from_pool(pool: &str, cost: impl Into<Cost>) -> Self {
        let pool = Some(PoolLeg { pool: pool.to_owned(), cost: cost.into() });
        Self { pool, legs: Vec::new(), priority: None, id: RequestId::Drawn }
    }

    /// And this cost as well, all or nothing: 8 at most. Can't be combined with a pool.
    #[must_use]
    pub fn and(mut self, policy: &str, key: &str, cost: impl Into<Cost>) -> Self {
        let (policy, key, cost) = (policy.to_owned(), key.to_owned(), cost.into());
        self.legs.push(Leg { policy, key, cost });
        self
    }

    /// Sets how much of each capacity it may use.
    #[must_use]
    pub fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = Some(priority);
        self
    }

    /// Under an id of the caller's, 1 to 128 bytes: a request repeated under it is not charged again. For
    /// a hold it names the lease, so choose it at random.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.id = RequestId::Given(id.into());
        self
    }

    /// Under no id: it is sent once, and may be charged even if no answer comes.
    #[must_use]
    pub fn without_request_id(mut self) -> Self {
        self.id = RequestId::None;
        self
    }

    /// The same with its id fixed, drawn now if none was given, so that all attempts share it.
    pub(crate) fn named(&self) -> Result<Self, ClientError> {
        let id = match &self.id {
            RequestId::Drawn => RequestId::Given(random::request_id()?),
            known => known.clone(),
        };
        Ok(Self { id, ..self.clone() })
    }

    /// Asks once, to charge it or to hold it for so long. The service waits for `patience`, at most
    /// [`SERVER_WAIT_MAX`], and not for a pool.
    pub(crate) fn call(&self, hold: Option<Duration>, patience: Duration) -> Call<Granted> {
        let (path, waits, read): (_, _, fn(&Heard) -> _) = match (&self.pool, hold) {
            (None, None) => ("/v1/acquire", patience.min(SERVER_WAIT_MAX), charged),
            (None, Some(_)) => ("/v1/acquire", patience.min(SERVER_WAIT_MAX), held),
            (Some(_), None) => ("/v1/pools/acquire", Duration::ZERO, pool::charged),
            (Some(_), Some(_)) => ("/v1/pools/acquire", Duration::ZERO, pool::held),
        };
        let body = AcquireBody {
            hold_ms: hold.map(millis::of),
            wait_ms: Some(millis::of(waits)).filter(|wait_ms| *wait_ms > 0),
            ..self.body()
        };
        Call { waits, ..Call::post(path, &body, self.has_request_id(), read) }
    }

    /// The body of one request of a batch.
    pub(super) fn body(&self) -> AcquireBody<'_> {
        let legs = match (&self.pool, &*self.legs) {
            (Some(pool), keys) => LegsBody::Pool { pool, keys },
            (None, [leg]) => LegsBody::One(leg),
            (None, keys) => LegsBody::Several { keys },
        };
        let request_id = match &self.id {
            RequestId::Given(id) => Some(id.clone()),
            RequestId::Drawn | RequestId::None => None,
        };
        AcquireBody { legs, priority: self.priority, request_id, hold_ms: None, wait_ms: None }
    }

    pub(super) fn has_request_id(&self) -> bool {
        self.id != RequestId::None
    }

    /// The policies and keys, in the order in which they were asked for.
    pub(crate) fn places(&self) -> Vec<(String, String)> {
        self.legs.iter().map(|leg| (leg.policy.clone(), leg.key.clone())).collect()
    }
}

impl Granted {
    /// Refuses an answer that admitted a hold without a lease.
    pub(super) fn has_lease(self) -> Result<Self, ClientError> {
        let is_held = self.answer.is_allowed() && self.answer.counted_by != CountedBy::Nobody;
        if is_held && self.lease.is_none() {
            return Err(ClientError::protocol(
                "it let pass what it should hold, and names no lease",
            ));
        }
        Ok(self)
    }
}

pub(super) fn charged(heard: &Heard) -> Result<Granted, ClientError> {
    Ok(Granted { answer: Answer::read(heard)?, lease: None })
}

pub(super) fn held(heard: &Heard) -> Result<Granted, ClientError> {
    let (answer, lease) = (Answer::read(heard)?, heard.field("tollgate-lease").map(Token::new));
    Granted { answer, lease }.has_lease()
}

impl From<u64> for Cost {
    fn from(units: u64) -> Self {
        Self(CostText::One(units))
    }
}

impl<const N: usize> From<[(&str, u64); N]> for Cost {
    fn from(units: [(&str, u64); N]) -> Self {
        Self::from(&units[..])
    }
}

impl From<&[(&str, u64)]> for Cost {
    fn from(units: &[(&str, u64)]) -> Self {
        let units = units.iter().map(|(name, units)| ((*name).to_owned(), *units));
        Self(CostText::ByName(units.collect()))
    }
}

impl Serialize for Cost {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            CostText::One(units) => serializer.serialize_u64(*units),
            CostText::ByName(units) => {
                let mut map = serializer.serialize_map(Some(units.len()))?;
                for (name, units) in units {
                    map.serialize_entry(name, units)?;
                }
                map.end()
            }
        }
    }
}
