//! One limit as it is written in a policy text.

use tollgate_core::{Algorithm, Limit, LimitError, Span, UNITS_MAX};

use crate::value::Value;

/// The algorithms, and the fields of each.
const ALGORITHMS: [(&str, &[&str]); 3] = [
    ("gcra", &["limit", "burst", "per"]),
    ("token-bucket", &["capacity", "refill", "per"]),
    ("leaky-bucket", &["capacity", "leak", "per"]),
];

/// The fields of one limit.
struct Fields<'a> {
    algorithm: &'a str,
    entries: &'a [(String, Value)],
}

/// The limit that a table describes, or a message that starts with the field it is about.
pub(crate) fn limit(name: &str, entries: &[(String, Value)]) -> Result<Limit, String> {
    let mut fields = Fields { algorithm: "a limit", entries };
    fields.algorithm = fields.text("algorithm")?;
    let limit = Limit::new(name, fields.algorithm()?).map_err(|error| message(&error))?;
    match fields.number("default_cost")? {
        Some(cost) => limit.with_default_cost(cost).map_err(|error| message(&error)),
        None => Ok(limit),
    }
}

impl<'a> Fields<'a> {
    fn algorithm(&self) -> Result<Algorithm, String> {
        let own = ALGORITHMS.iter().find(|(name, _)| *name == self.algorithm);
        let Some((_, own)) = own else {
            let names = ALGORITHMS.map(|(name, _)| name).join(", ");
            return Err(format!(".algorithm: is none of {names}"));
        };
        self.has_only(own)?;
        match self.algorithm {
            "gcra" => {
                let limit = self.needed("limit", self.number("limit")?)?;
                let burst = self.number("burst")?.unwrap_or(limit);
                Ok(Algorithm::Gcra { limit, period: self.period()?, burst })
            }
            "leaky-bucket" => {
                let capacity = self.needed("capacity", self.number("capacity")?)?;
                let leak = self.needed("leak", self.number("leak")?)?;
                Ok(Algorithm::LeakyBucket { capacity, leak, period: self.period()? })
            }
            _ => {
                let capacity = self.needed("capacity", self.number("capacity")?)?;
                let refill = self.needed("refill", self.number("refill")?)?;
                let budget = refill == 0 && self.get("per")?.is_none();
                // A budget has no period; the core wants one and never looks at it.
                let period = if budget { Span::from_secs(1) } else { self.period()? };
                Ok(Algorithm::TokenBucket { capacity, refill, period })
            }
        }
    }

    fn has_only(&self, own: &[&str]) -> Result<(), String> {
        let general = ["algorithm", "default_cost"];
        let mut names = self.entries.iter().map(|(name, _)| &**name);
        match names.find(|name| !own.contains(name) && !general.contains(name)) {
            Some(name) => Err(format!(
                ".{name}: is no field of {}, which has {}",
                self.algorithm,
                own.join(", ")
            )),
            None => Ok(()),
        }
    }

    fn get(&self, field: &str) -> Result<Option<&'a Value>, String> {
        let mut found = self.entries.iter().filter(|(name, _)| name == field);
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(format!(".{field}: is given twice")),
            (Some((_, value)), None) => Ok(Some(value)),
            (None, None) => Ok(None),
        }
    }

    fn number(&self, field: &str) -> Result<Option<u64>, String> {
        match self.get(field)? {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(Some(*number)),
            Some(_) => Err(format!(".{field}: must be a whole number from 0 to {UNITS_MAX}")),
        }
    }

    fn text(&self, field: &str) -> Result<&'a str, String> {
        match self.needed(field, self.get(field)?)? {
            Value::Text(text) => Ok(text),
            _ => Err(format!(".{field}: must be a text")),
        }
    }

    fn needed<T>(&self, field: &str, value: Option<T>) -> Result<T, String> {
        value.ok_or_else(|| format!(".{field}: {} needs it", self.algorithm))
    }

    fn period(&self) -> Result<Span, String> {
        let text = self.text("per")?;
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
