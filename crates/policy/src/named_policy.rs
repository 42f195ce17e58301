//! A policy, as a text or a caller describes it.

use tollgate_core::{LimitError, Name, Policy, Timestamp};

use crate::contention::Contention;
use crate::dialect::Dialect;
use crate::fields::Fields;
use crate::limit_text;
use crate::options::{Exactness, OPTIONS, OnStoreFailure, Options};
use crate::override_text::{Override, overrides};
use crate::policy_set::TextError;
use crate::scaled::scaled;
use crate::value::{Entry, Value};

/// A policy and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPolicy {
    name: Name,
    /// The table that it was read from.
    text: Value<'static>,
    numbers: Numbers,
    options: Options,
    overrides: Vec<Override>,
}

/// The limits of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) limits: Policy,
    /// The share of them that each process grants by itself when the store is unavailable, if any.
    pub(crate) local: Option<Policy>,
}

impl NamedPolicy {
    /// The policy that this table describes, with the fields that it has in a text.
    ///
    /// # Errors
    /// [`TextError`], where the table is called `policy`.
    ///
    /// ```
    /// use tollgate_policy::{NamedPolicy, Value};
    ///
    /// let table: Value<'_> = serde_json::from_str(r#"{"a": {"algorithm": "concurrency"}}"#).unwrap();
    /// let error = NamedPolicy::new("api", &table).unwrap_err();
    /// assert_eq!(error.parts(), ("policy.a.slots", "concurrency needs it"));
    /// ```
    pub fn new(name: &str, table: &Value<'_>) -> Result<Self, TextError> {
        Self::read(name, table).map_err(|message| TextError(format!("policy{message}")))
    }

    /// Reads the table, or returns a message that starts with the field it is about.
    pub(crate) fn read(name: &str, table: &Value<'_>) -> Result<Self, String> {
        let name = Name::new(name).ok_or_else(|| format!(": its {}", LimitError::Name))?;
        let Value::Table(entries) = table else { return Err(String::from(": must be a table")) };
        let (numbers, options) = numbers_and_options(entries)?;
        let overrides = overrides(entries, &numbers.limits)?;
        Ok(Self { name, text: table.to_static(), numbers, options, overrides })
    }

    /// The policy's name.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// The table that it was read from.
    ///
    /// ```
    /// use tollgate_policy::{NamedPolicy, PolicySet};
    ///
    /// let set = PolicySet::parse("[policy.api]\na = { algorithm = 'concurrency', slots = 2 }").unwrap();
    /// let api = set.get("api").unwrap();
    /// let json = serde_json::to_string(api.text()).unwrap();
    /// assert_eq!(json, r#"{"a":{"algorithm":"concurrency","slots":2}}"#);
    /// assert_eq!(NamedPolicy::new("api", api.text()).as_ref(), Ok(api));
    /// ```
    #[must_use]
    pub const fn text(&self) -> &Value<'static> {
        &self.text
    }

    /// Its limits, for keys without an override.
    #[must_use]
    pub const fn limits(&self) -> &Policy {
        &self.numbers.limits
    }

    /// What is answered when the store is unavailable.
    #[must_use]
    pub const fn on_store_failure(&self) -> OnStoreFailure {
        self.options.on_store_failure
    }

    /// How concurrent requests for the same key are handled.
    #[must_use]
    pub const fn contention(&self) -> Contention {
        self.options.contention
    }

    /// What the store has to be able to do.
    #[must_use]
    pub const fn exactness(&self) -> Exactness {
        self.options.exactness
    }

    /// The header fields in which answers report the state of a key.
    #[must_use]
    pub const fn headers(&self) -> Dialect {
        self.options.headers
    }

    /// Whether watchers are told of keys that became limited.
    #[must_use]
    pub const fn is_watched(&self) -> bool {
        self.options.watch
    }

    /// The share of its [`limits`](Self::limits) that each process grants by itself when the store is
    /// unavailable, under [`OnStoreFailure::Local`].
    #[must_use]
    pub const fn local(&self) -> Option<&Policy> {
        self.numbers.local.as_ref()
    }

    /// Its overrides. The first one that applies to a key is in force.
    #[must_use]
    pub fn overrides(&self) -> &[Override] {
        &self.overrides
    }

    /// The limits that are in force for a key at this time: its own, or those of one of its overrides.
    ///
    /// ```
    /// use tollgate_core::Timestamp;
    /// use tollgate_policy::PolicySet;
    ///
    /// let set = PolicySet::parse(r#"
    ///     [policy.api]
    ///     requests = { algorithm = "gcra", limit = 100, per = "1m" }
    ///
    ///     [[policy.api.overrides]]
    ///     keys = ["team-7", "gold:*"]
    ///     requests = { limit = 1000 }
    /// "#).unwrap();
    /// let now = Timestamp::from_secs(1_800_000_000);
    /// let capacity = |key| set.get("api").unwrap().limits_at(key, now).limits()[0].capacity();
    /// assert_eq!([capacity("team-8"), capacity("team-7"), capacity("gold:a")], [100, 1000, 1000]);
    /// ```
    #[must_use]
    pub fn limits_at(&self, key: &str, now: Timestamp) -> &Policy {
        let found = self.override_at(key, now).and_then(|position| self.overrides.get(position));
        found.map_or_else(|| self.limits(), Override::limits)
    }

    /// The position of the override that is in force for a key at this time, if one is.
    #[must_use]
    pub fn override_at(&self, key: &str, now: Timestamp) -> Option<usize> {
        self.overrides.iter().position(|it| it.is_for(key, now))
    }
}

/// Reads the table of a policy without its overrides, or returns a message that starts with the field it is about.
pub(crate) fn numbers_and_options(entries: &[Entry<'_>]) -> Result<(Numbers, Options), String> {
    let (mut limits, mut others) = (Vec::new(), Vec::new());
    for (field, value) in entries {
        let at = |message: String| format!(".{field}{message}");
        // A table is a limit, whatever its name; so an option never takes a name away from limits.
        if let Value::Table(fields) = value {
            limits.push(limit_text::limit(field, fields).map_err(at)?);
        } else if OPTIONS.contains(&&**field) {
            others.push((field.clone(), value.clone()));
        } else {
            let options = OPTIONS.join(", ");
            return Err(at(format!(
                ": is neither a limit, such as {{ algorithm = \"gcra\", limit = 100, per = \"1m\" }}, \
                 nor one of the options {options}",
            )));
        }
    }
    let options = Options::read(&Fields { owner: "a policy", entries: &others })?;
    let limits = Policy::new(limits).map_err(|error| format!(": {error}"))?;
    options.contention.check(&limits)?;
    let local = (options.on_store_failure == OnStoreFailure::Local)
        .then(|| scaled(&limits, options.local_share_percent))
        .transpose()
        .map_err(|error| format!(".local_share_percent: {error}"))?;
    Ok((Numbers { limits, local }, options))
}
