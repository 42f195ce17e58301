//! The policies that one text describes.

use tollgate_core::{LimitError, Name, Policy};

use crate::contention::Contention;
use crate::dialect::Dialect;
use crate::fields::Fields;
use crate::limit_text;
use crate::options::{Exactness, OPTIONS, OnStoreFailure, Options};
use crate::pool_text::{self, NamedPool};
use crate::scaled::scaled;
use crate::value::{self, Value};

/// Most policies in one text.
pub const POLICIES_MAX: usize = 1_000;

/// Most pools in one text.
pub const POOLS_MAX: usize = 100;

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

    /// How requests for the same key get along.
    #[must_use]
    pub const fn contention(&self) -> Contention {
        self.options.contention
    }

    /// What the store has to be able to do.
    #[must_use]
    pub const fn exactness(&self) -> Exactness {
        self.options.exactness
    }

    /// In which words answers tell where a key stands.
    #[must_use]
    pub const fn headers(&self) -> Dialect {
        self.options.headers
    }

    /// Whether those who watch are told of keys that became limited.
    #[must_use]
    pub const fn is_watched(&self) -> bool {
        self.options.watch
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
    pools: Vec<NamedPool>,
}

impl PolicySet {
    /// Reads a policy text: JSON if its first character is `{`, TOML otherwise.
    ///
    /// # Errors
    /// [`TextError`] says where the text is wrong and what belongs there.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let value = value::parse(text)?;
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

    /// Every pool, in the text's order.
    pub fn pools(&self) -> impl ExactSizeIterator<Item = &NamedPool> {
        self.pools.iter()
    }
}

/// What is wrong with a policy text: where it is, and what belongs there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TextError(pub(crate) String);

/// The policies of a whole text, or a message that starts with the field it is about.
fn build(text: &Value) -> Result<PolicySet, String> {
    let Value::Table(entries) = text else {
        return Err(String::from("a text has a table `policy`"));
    };
    let mut set = PolicySet::default();
    for (name, value) in entries {
        match value {
            Value::Table(policies) if name == "policy" => add_policies(&mut set, policies)?,
            Value::Table(pools) if name == "pool" => add_pools(&mut set, pools)?,
            _ => {
                return Err(format!(
                    "{name}: a text has nothing but tables [policy.NAME] and [pool.NAME]"
                ));
            }
        }
    }
    check_pools(&set)?;
    Ok(set)
}

fn add_pools(set: &mut PolicySet, pools: &[(String, Value)]) -> Result<(), String> {
    for (name, table) in pools {
        if set.pools.iter().any(|pool| **pool.name() == **name) {
            return Err(format!("pool.{name}: is given twice"));
        }
        if set.pools.len() == POOLS_MAX {
            return Err(format!("pool.{name}: there are at most {POOLS_MAX} pools"));
        }
        let pool =
            pool_text::pool(name, table).map_err(|message| format!("pool.{name}{message}"))?;
        set.pools.push(pool);
    }
    Ok(())
}

/// Every member's policy has to be there.
fn check_pools(set: &PolicySet) -> Result<(), String> {
    for pool in &set.pools {
        for (index, (policy, _)) in pool.places().enumerate() {
            if set.get(policy).is_none() {
                let pool = pool.name();
                return Err(format!("pool.{pool}.members[{index}].policy: there is no {policy}"));
            }
        }
    }
    Ok(())
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
    options.contention.check(&limits)?;
    let local = (options.on_store_failure == OnStoreFailure::Local)
        .then(|| scaled(&limits, options.local_share_percent))
        .transpose()
        .map_err(|error| format!(".local_share_percent: {error}"))?;
    Ok(NamedPolicy { name, limits, options, local })
}
