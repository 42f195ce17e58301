//! Request bodies: bounded, JSON, and refused with the name of the field at fault.

use bytes::Bytes;
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tollgate_core::UNITS_MAX;
use tollgate_policy::Value;

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

/// A number for a policy of one limit, or numbers by limit name.
pub(crate) enum CostBody {
    One(u64),
    Named(Vec<(String, u64)>),
}

impl AcquireBody {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Problem> {
        let value = serde_json::from_slice(body)
            .map_err(|error| Problem::invalid("body", format!("is no JSON: {error}")))?;
        let Value::Table(members) = value else {
            return Err(Problem::invalid("body", "must be an object with policy, key and cost"));
        };
        let [mut policy, mut key, mut cost] = [const { None }; 3];
        for (name, value) in members {
            let member = match &*name {
                "policy" => &mut policy,
                "key" => &mut key,
                "cost" => &mut cost,
                _ => return Err(Problem::invalid(&name, "is none of policy, key and cost")),
            };
            if member.replace(value).is_some() {
                return Err(Problem::invalid(&name, "is given twice"));
            }
        }
        Ok(Self {
            policy: text("policy", policy)?,
            key: text("key", key)?,
            cost: CostBody::read(cost)?,
        })
    }
}

impl CostBody {
    fn read(value: Option<Value>) -> Result<Option<Self>, Problem> {
        match value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Table(members)) => {
                let named = members.into_iter().map(|(name, value)| {
                    let units = units(&format!("cost.{name}"), &value)?;
                    Ok((name, units))
                });
                Ok(Some(Self::Named(named.collect::<Result<_, Problem>>()?)))
            }
            Some(value) => units("cost", &value).map(|units| Some(Self::One(units))),
        }
    }
}

fn text(field: &str, value: Option<Value>) -> Result<String, Problem> {
    match value {
        Some(Value::Text(text)) => Ok(text),
        None | Some(Value::Null) => Err(Problem::invalid(field, "is missing")),
        Some(_) => Err(Problem::invalid(field, "must be a text")),
    }
}

fn units(field: &str, value: &Value) -> Result<u64, Problem> {
    match value {
        Value::Number(units) if *units <= UNITS_MAX => Ok(*units),
        _ => {
            let detail = format!("must be a whole number from 0 to {UNITS_MAX}");
            Err(Problem::invalid(field, detail))
        }
    }
}
