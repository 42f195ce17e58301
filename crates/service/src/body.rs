//! Request bodies: bounded, JSON, and refused with the name of the field at fault.

use std::fmt;

use bytes::Bytes;
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use tollgate_core::{LIMITS_MAX, UNITS_MAX};

use crate::problem::Problem;

/// Longest request body in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// The whole body, if it is not too long.
pub(crate) async fn read<B>(body: B) -> Result<Bytes, Problem>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Problem::too_long(format!("must have at most {BODY_BYTES_MAX} bytes")))
        }
        Err(_) => Err(Problem::invalid("body", "could not be read to its end")),
    }
}

/// What an acquire asks for.
pub(crate) struct AcquireBody {
    pub(crate) policy: String,
    pub(crate) key: String,
    pub(crate) cost: Option<CostBody>,
}

/// The members as they come. What is missing is found by name, not by serde.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "an object with policy, key and cost")]
#[derive(Default)]
struct Members {
    policy: Option<String>,
    key: Option<String>,
    cost: Option<CostBody>,
}

/// A number for a policy of one limit, or numbers by limit name.
pub(crate) enum CostBody {
    One(u64),
    Named(Vec<(String, u64)>),
}

impl AcquireBody {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Problem> {
        if body.is_empty() {
            return Err(Problem::invalid("body", "is missing; send a JSON object"));
        }
        let mut json = serde_json::Deserializer::from_slice(body);
        let members: Members = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let path = error.path().to_string();
            let inner = error.into_inner();
            // A broken text has no field at fault, whichever one it breaks off in.
            let whole = path == "." || !inner.is_data();
            Problem::invalid(if whole { "body".to_owned() } else { path }, inner.to_string())
        })?;
        json.end().map_err(|error| Problem::invalid("body", error.to_string()))?;
        let missing = |field: &str| Problem::invalid(field, "is missing");
        Ok(Self {
            policy: members.policy.ok_or_else(|| missing("policy"))?,
            key: members.key.ok_or_else(|| missing("key"))?,
            cost: members.cost,
        })
    }
}

impl<'de> Deserialize<'de> for CostBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CostVisitor)
    }
}

struct CostVisitor;

impl<'de> Visitor<'de> for CostVisitor {
    type Value = CostBody;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a whole number from 0 to {UNITS_MAX}, or an object of such numbers by limit name"
        )
    }

    fn visit_u64<E: de::Error>(self, units: u64) -> Result<CostBody, E> {
        UnitsVisitor.visit_u64(units).map(|Units(units)| CostBody::One(units))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<CostBody, A::Error> {
        let mut named = Vec::new();
        while let Some((name, Units(units))) = map.next_entry::<String, Units>()? {
            if named.len() == LIMITS_MAX {
                return Err(de::Error::custom(format_args!(
                    "a policy has at most {LIMITS_MAX} limits"
                )));
            }
            named.push((name, units));
        }
        Ok(CostBody::Named(named))
    }
}

struct Units(u64);

impl<'de> Deserialize<'de> for Units {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UnitsVisitor)
    }
}

struct UnitsVisitor;

impl Visitor<'_> for UnitsVisitor {
    type Value = Units;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from 0 to {UNITS_MAX}")
    }

    fn visit_u64<E: de::Error>(self, units: u64) -> Result<Units, E> {
        if units > UNITS_MAX {
            return Err(E::invalid_value(de::Unexpected::Unsigned(units), &self));
        }
        Ok(Units(units))
    }
}
