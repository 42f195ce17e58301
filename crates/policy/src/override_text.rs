//! Overrides, other numbers for some keys or at some hours, as they are written in a policy text.

use tollgate_core::{Limit, Policy, Schedule, Timestamp};

use crate::fields::Fields;
use crate::hours_text;
use crate::key_patterns::KeyPatterns;
use crate::named_policy::{Numbers, numbers_and_options};
use crate::value::{Entry, Value};

/// Most overrides of one policy: each of them has limits of its own in the memory of every process.
pub const OVERRIDES_MAX: usize = 32;

/// What no override changes: the cost of a request is read before its key is known.
const FIXED: [&str; 3] = ["algorithm", "default_cost", "per_call"];

/// What can't change by the hour: a change would forget what was used in the window. So a key may have other windows only at
/// all hours, by an override that comes before those with hours.
const WINDOWS: [&str; 4] = ["per", "start", "calendar", "utc_offset"];

/// Other numbers of a policy, and the keys and hours that they are for.
///
/// `keys` lists up to 1,000 keys, of which [`KEY_PREFIXES_MAX`](crate::KEY_PREFIXES_MAX) may end with `*` and stand for all keys
/// with that prefix. Hours are `days` (`"mon-fri"`, `"sat,sun"`; every day if left out), `from` and `to` (`"00:00"` to
/// `"24:00"`; a `to` that is not after `from` is on the next day), at a `utc_offset`. With both, it is for those keys at
/// those hours.
///
/// ```
/// use tollgate_core::{Span, Timestamp};
/// use tollgate_policy::PolicySet;
///
/// let set = PolicySet::parse(r#"
///     [policy.api]
///     requests = { algorithm = "gcra", limit = 100, per = "1m" }
///
///     [[policy.api.overrides]]
///     days = "mon-fri"
///     from = "09:00"
///     to = "17:00"
///     utc_offset = "+02:00"
///     requests = { limit = 50 }
/// "#).unwrap();
/// let business = &set.get("api").unwrap().overrides()[0];
/// let friday_noon_utc = Timestamp::from_secs(1_800_014_400);
/// assert!(business.has_hours() && business.is_for("any", friday_noon_utc));
/// assert!(!business.is_for("any", friday_noon_utc.plus(Span::from_secs(3 * 3_600))));
/// assert_eq!(business.limits().limits()[0].capacity(), 50);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// `None`: for all keys.
    keys: Option<KeyPatterns>,
    /// `None`: at all hours.
    hours: Option<Schedule>,
    numbers: Numbers,
}

impl Override {
    /// Whether it is for this key at this time.
    #[must_use]
    pub fn is_for(&self, key: &str, now: Timestamp) -> bool {
        self.keys.as_ref().is_none_or(|keys| keys.contain(key))
            && self.hours.as_ref().is_none_or(|hours| hours.choice(now).is_some())
    }

    /// Whether it is for some hours only.
    #[must_use]
    pub const fn has_hours(&self) -> bool {
        self.hours.is_some()
    }

    /// The limits in force under this override: all those of the policy, in their order.
    #[must_use]
    pub const fn limits(&self) -> &Policy {
        &self.numbers.limits
    }

    /// The share of them that each process grants by itself, like [`NamedPolicy::local`](crate::NamedPolicy::local).
    #[must_use]
    pub const fn local(&self) -> Option<&Policy> {
        self.numbers.local.as_ref()
    }
}

/// The overrides of the policy that `table` describes, whose limits are `limits`; or a message that starts
/// with the field it is about.
pub(crate) fn overrides(table: &[Entry<'_>], limits: &Policy) -> Result<Vec<Override>, String> {
    let fields = Fields { owner: "a policy", entries: table };
    let items = match fields.get("overrides")? {
        None => return Ok(Vec::new()),
        Some(Value::List(items)) if items.len() <= OVERRIDES_MAX => items,
        Some(_) => {
            return Err(format!(".overrides: must be a list of at most {OVERRIDES_MAX} tables"));
        }
    };
    let mut overrides: Vec<Override> = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        // A key that it applies to after those hours had other limits during them.
        let follows_hours = overrides.iter().any(Override::has_hours);
        let it = one(table, limits, item, follows_hours);
        overrides.push(it.map_err(|message| format!(".overrides[{index}]{message}"))?);
    }
    Ok(overrides)
}

fn one(
    table: &[Entry<'_>],
    limits: &Policy,
    item: &Value<'_>,
    follows_hours: bool,
) -> Result<Override, String> {
    let Value::Table(entries) = item else { return Err(String::from(": must be a table")) };
    let is_limit = |(_, value): &Entry<'_>| matches!(value, Value::Table(_));
    let (numbers, when): (Vec<_>, Vec<_>) = entries.iter().cloned().partition(is_limit);
    let fields = Fields { owner: "an override", entries: &when };
    fields.has_only(&["keys", "days", "from", "to", "utc_offset"], &[])?;
    let (keys, hours) = (KeyPatterns::read(&fields)?, hours_text::schedule(&fields)?);
    if keys.is_none() && hours.is_none() {
        return Err(String::from(": needs keys, or hours: days, from or to"));
    }
    check_numbers(&numbers, limits, hours.is_some() || follows_hours)?;
    let (numbers, _) = numbers_and_options(&merged(table, &numbers))?;
    check_kinds(&numbers.limits, limits)?;
    Ok(Override { keys, hours, numbers })
}

/// Checks that it names limits of the policy, each once, and no field that an override can't change.
fn check_numbers(numbers: &[Entry<'_>], limits: &Policy, by_hour: bool) -> Result<(), String> {
    if numbers.is_empty() {
        return Err(String::from(": overrides no limit"));
    }
    for (index, (name, fields)) in numbers.iter().enumerate() {
        if limits.index_of(name).is_none() {
            return Err(format!(".{name}: is no limit of this policy"));
        }
        if numbers.iter().take(index).any(|(other, _)| other == name) {
            return Err(format!(".{name}: is given twice"));
        }
        let Value::Table(fields) = fields else { continue };
        let is_one_of = |fixed: &[&str]| {
            let mut names = fields.iter().map(|(field, _)| &**field);
            names.find(|field| fixed.contains(field))
        };
        if let Some(field) = is_one_of(&FIXED) {
            return Err(format!(".{name}.{field}: is the same in every override"));
        }
        if let Some(field) = is_one_of(&WINDOWS).filter(|_| by_hour) {
            return Err(format!(
                ".{name}.{field}: does not change by the hour; say it for keys, before overrides with hours"
            ));
        }
    }
    Ok(())
}

/// The table of the policy with the fields of some of its limits replaced.
fn merged<'a>(table: &[Entry<'a>], numbers: &[Entry<'a>]) -> Vec<Entry<'a>> {
    let entries = table.iter().filter(|(field, _)| field != "overrides");
    let entries = entries.map(|(name, value)| {
        let other = numbers.iter().find(|(limit, _)| limit == name).map(|(_, fields)| fields);
        match (value, other) {
            (Value::Table(fields), Some(Value::Table(others))) => {
                let is_kept = |(field, _): &&Entry<'_>| !others.iter().any(|(it, _)| it == field);
                let kept = fields.iter().filter(is_kept).chain(others).cloned();
                (name.clone(), Value::Table(kept.collect()))
            }
            _ => (name.clone(), value.clone()),
        }
    });
    entries.collect()
}

/// A record that was written under one policy must be readable under the other.
fn check_kinds(overriding: &Policy, overridden: &Policy) -> Result<(), String> {
    let mut limits = overriding.limits().iter().zip(overridden.limits());
    match limits.find(|(a, b): &(&Limit, &Limit)| !a.counts_like(b)) {
        Some((limit, _)) => {
            let name = limit.name();
            Err(format!(
                ".{name}: one that refills and one that doesn't can't stand in for each other"
            ))
        }
        None => Ok(()),
    }
}
