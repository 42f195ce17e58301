//! One limit as it is written in a policy text.

use serde::Deserialize;
use tollgate_core::{Algorithm, Limit, LimitError, Span};

/// The fields of every algorithm; which of them belong together is checked by [`LimitText::build`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitText {
    algorithm: AlgorithmName,
    limit: Option<u64>,
    burst: Option<u64>,
    capacity: Option<u64>,
    refill: Option<u64>,
    leak: Option<u64>,
    per: Option<String>,
    default_cost: Option<u64>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum AlgorithmName {
    Gcra,
    TokenBucket,
    LeakyBucket,
}

impl AlgorithmName {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Gcra => "gcra",
            Self::TokenBucket => "token-bucket",
            Self::LeakyBucket => "leaky-bucket",
        }
    }
}

impl LimitText {
    /// The limit that this text describes, or a message that starts with the field it is about.
    pub(crate) fn build(&self, name: &str) -> Result<Limit, String> {
        let algorithm = self.algorithm()?;
        let limit = Limit::new(name, algorithm).map_err(|error| message(&error))?;
        match self.default_cost {
            Some(cost) => limit.with_default_cost(cost).map_err(|error| message(&error)),
            None => Ok(limit),
        }
    }

    fn algorithm(&self) -> Result<Algorithm, String> {
        match self.algorithm {
            AlgorithmName::Gcra => {
                self.has_only(&["limit", "burst", "per"])?;
                let limit = self.needed("limit", self.limit)?;
                let burst = self.burst.unwrap_or(limit);
                Ok(Algorithm::Gcra { limit, period: self.period()?, burst })
            }
            AlgorithmName::TokenBucket => {
                self.has_only(&["capacity", "refill", "per"])?;
                let capacity = self.needed("capacity", self.capacity)?;
                let refill = self.needed("refill", self.refill)?;
                let budget = refill == 0 && self.per.is_none();
                // A budget has no period; the core wants one and never looks at it.
                let period = if budget { Span::from_secs(1) } else { self.period()? };
                Ok(Algorithm::TokenBucket { capacity, refill, period })
            }
            AlgorithmName::LeakyBucket => {
                self.has_only(&["capacity", "leak", "per"])?;
                let capacity = self.needed("capacity", self.capacity)?;
                let leak = self.needed("leak", self.leak)?;
                Ok(Algorithm::LeakyBucket { capacity, leak, period: self.period()? })
            }
        }
    }

    fn has_only(&self, own: &[&str]) -> Result<(), String> {
        let given = [
            ("limit", self.limit.is_some()),
            ("burst", self.burst.is_some()),
            ("capacity", self.capacity.is_some()),
            ("refill", self.refill.is_some()),
            ("leak", self.leak.is_some()),
            ("per", self.per.is_some()),
        ];
        match given.iter().find(|(field, is_given)| *is_given && !own.contains(field)) {
            Some((field, _)) => {
                Err(format!(".{field}: {} has {} instead", self.algorithm.as_str(), own.join(", ")))
            }
            None => Ok(()),
        }
    }

    fn needed<T>(&self, field: &str, value: Option<T>) -> Result<T, String> {
        value.ok_or_else(|| format!(".{field}: {} needs it", self.algorithm.as_str()))
    }

    fn period(&self) -> Result<Span, String> {
        let text = self.needed("per", self.per.as_deref())?;
        let period = humantime::parse_duration(text).map_err(|_| {
            format!(".per: \"{text}\" is no period; write 1s, 5m, 1h, 1d or 1h 30m")
        })?;
        // What does not fit is longer than the longest period, and refused as such.
        Ok(Span::from_nanos(u64::try_from(period.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// A bad name is about the limit itself; everything else about one of its fields.
fn message(error: &LimitError) -> String {
    match error {
        LimitError::Name => format!(": its {error}"),
        _ => format!(".{error}"),
    }
}
