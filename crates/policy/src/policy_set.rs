//! The policies that one text describes.

use tollgate_core::{LimitError, Name, Policy};

use crate::fields::Fields;
use crate::limit_text;
use crate::options::{Exactness, OPTIONS, OnStoreFailure, Options};
use crate::scaled::scaled;
use crate::toml_text;
use crate::value::Value;

/// Longest policy text in bytes.
pub const TEXT_BYTES_MAX: usize = 256 * 1024;
/// Most policies in one text.
pub const POLICIES_MAX: usize = 1_000;

/// A policy and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPolicy {
    name: Name,
    limits: Policy,
    options: Options,
    local: Option<Policy>,
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
        self.options.on_store_failure
    }

    /// What the store has to be able to do.
    #[must_use]
    pub const fn exactness(&self) -> Exactness {
        self.options.exactness
    }

    /// What each process grants by itself when the store can't be asked, under
    /// [`OnStoreFailure::Local`].
    #[must_use]
    pub const fn local(&self) -> Option<&Policy> {
        self.local.as_ref()
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
        let value = if text.trim_start().starts_with('{') {
            // From bytes, as bodies are read: the edge has one reader of JSON, not two.
            serde_json::from_slice(text.as_bytes()).map_err(|error| TextError(error.to_string()))?
        } else {
            toml_text::parse(text).map_err(TextError)?
        };
        build(&value).map_err(TextError)
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

/// The policies of a whole text, or a message that starts with the field it is about.
fn build(text: &Value) -> Result<PolicySet, String> {
    let Value::Table(entries) = text else {
        return Err(String::from("a text has a table `policy`"));
    };
    let mut set = PolicySet::default();
    for (name, value) in entries {
        match value {
            Value::Table(policies) if name == "policy" => add_policies(&mut set, policies)?,
            _ => return Err(format!("{name}: a text has nothing but tables [policy.NAME]")),
        }
    }
    Ok(set)
}

fn add_policies(set: &mut PolicySet, policies: &[(String, Value)]) -> Result<(), String> {
    for (name, table) in policies {
        if set.get(name).is_some() {
            return Err(format!("policy.{name}: is given twice"));
        }
        if set.policies.len() == POLICIES_MAX {
            return Err(format!("policy.{name}: there are at most {POLICIES_MAX} policies"));
        }
        let policy = policy(name, table).map_err(|message| format!("policy.{name}{message}"))?;
        set.policies.push(policy);
    }
    Ok(())
}

fn policy(name: &str, table: &Value) -> Result<NamedPolicy, String> {
    let Value::Table(entries) = table else { return Err(String::from(": must be a table")) };
    let name = Name::new(name).ok_or_else(|| format!(": its {}", LimitError::Name))?;
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
    let local = (options.on_store_failure == OnStoreFailure::Local)
        .then(|| scaled(&limits, options.local_share_percent))
        .transpose()
        .map_err(|error| format!(".local_share_percent: {error}"))?;
    Ok(NamedPolicy { name, limits, options, local })
}
