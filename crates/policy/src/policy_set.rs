//! The policies that one text describes.

use serde::Deserialize;
use serde::de::MapAccess;
use tollgate_core::{LIMITS_MAX, LimitError, Name, Policy};

use crate::limit_text::LimitText;
use crate::ordered_map::{OrderedMap, Value};

/// Longest policy text in bytes.
pub const TEXT_BYTES_MAX: usize = 256 * 1024;
/// Most policies in one text.
pub const POLICIES_MAX: usize = 1_000;

/// What is answered when the store can't be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnStoreFailure {
    /// Nothing passes: the answer says that the service is not available.
    #[default]
    Closed,
    /// Everything passes, uncounted, and the answer says so.
    Open,
}

/// A policy and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPolicy {
    name: Name,
    limits: Policy,
    on_store_failure: OnStoreFailure,
}

impl NamedPolicy {
    /// The policy's name.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// Its limits.
    #[must_use]
    pub const fn limits(&self) -> &Policy {
        &self.limits
    }

    /// What is answered when the store can't be asked.
    #[must_use]
    pub const fn on_store_failure(&self) -> OnStoreFailure {
        self.on_store_failure
    }
}

/// Named policies, in the order of their text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PolicySet {
    policies: Vec<NamedPolicy>,
}

impl PolicySet {
    /// Reads a policy text: JSON if its first character is `{`, TOML otherwise.
    ///
    /// # Errors
    /// [`TextError`] says where the text is wrong and what belongs there.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(TextError(format!(
                "the policy text has {} bytes; at most {TEXT_BYTES_MAX} are read",
                text.len()
            )));
        }
        let text: PolicyText = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|error| TextError(error.to_string()))?
        } else {
            toml::from_str(text).map_err(|error| TextError(error.to_string()))?
        };
        text.build().map_err(TextError)
    }

    /// The policy named `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&NamedPolicy> {
        self.policies.iter().find(|policy| &**policy.name() == name)
    }

    /// Every policy, in the text's order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &NamedPolicy> {
        self.policies.iter()
    }
}

/// What is wrong with a policy text: where it is, and what belongs there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TextError(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyText {
    policy: OrderedMap<OrderedMap<Entry>>,
}

/// What stands in a policy's table: its limits, and `on_store_failure`.
enum Entry {
    Limit(LimitText),
    OnStoreFailure(OnStoreFailure),
}

impl<'de> Value<'de> for OrderedMap<Entry> {
    const COUNT_MAX: usize = POLICIES_MAX;

    fn read<A: MapAccess<'de>>(_name: &str, map: &mut A) -> Result<Self, A::Error> {
        map.next_value()
    }
}

impl<'de> Value<'de> for Entry {
    const COUNT_MAX: usize = LIMITS_MAX + 1;

    fn read<A: MapAccess<'de>>(name: &str, map: &mut A) -> Result<Self, A::Error> {
        match name {
            "on_store_failure" => map.next_value().map(Self::OnStoreFailure),
            _ => map.next_value().map(Self::Limit),
        }
    }
}

impl PolicyText {
    fn build(&self) -> Result<PolicySet, String> {
        let policies = self.policy.0.iter().map(|(name, entries)| build_policy(name, &entries.0));
        Ok(PolicySet { policies: policies.collect::<Result<_, _>>()? })
    }
}

fn build_policy(name: &str, entries: &[(String, Entry)]) -> Result<NamedPolicy, String> {
    let at = |message: String| format!("policy.{name}{message}");
    let mut on_store_failure = OnStoreFailure::default();
    let mut limits = Vec::new();
    for (field, entry) in entries {
        match entry {
            Entry::OnStoreFailure(value) => on_store_failure = *value,
            Entry::Limit(limit) => {
                let limit = limit.build(field).map_err(|error| at(format!(".{field}{error}")))?;
                limits.push(limit);
            }
        }
    }
    let name = Name::new(name).ok_or_else(|| at(format!(": its {}", LimitError::Name)))?;
    let limits = Policy::new(limits).map_err(|error| at(format!(": {error}")))?;
    Ok(NamedPolicy { name, limits, on_store_failure })
}
