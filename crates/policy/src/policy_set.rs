//! The policies that one text describes.

use crate::fields::Fields;
use crate::named_policy::NamedPolicy;
use crate::pool_text::{self, NamedPool};
use crate::value::{self, Entry, Value};

/// Most policies in one text.
pub const POLICIES_MAX: usize = 1_000;

/// Most pools in one text.
pub const POOLS_MAX: usize = 100;

/// The only option of a whole text.
const LIVE_POLICIES: &str = "live_policies";

/// Named policies, in the order of their text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySet {
    policies: Vec<NamedPolicy>,
    pools: Vec<NamedPool>,
    live_policies: bool,
}

impl Default for PolicySet {
    fn default() -> Self {
        Self { policies: Vec::new(), pools: Vec::new(), live_policies: true }
    }
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

    /// Whether policies may be changed while they are in use; the text says `live_policies = false` where
    /// they may not.
    #[must_use]
    pub const fn has_live_policies(&self) -> bool {
        self.live_policies
    }

    /// The same policies, fixed while they are in use, whatever the text says: for hosts where a record can't
    /// look up its tenant's policies.
    #[must_use]
    pub fn without_live_policies(self) -> Self {
        Self { live_policies: false, ..self }
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

impl TextError {
    /// The field, and what is wrong with it.
    ///
    /// ```
    /// # use tollgate_policy::PolicySet;
    /// let error = PolicySet::parse("[policy.api]\na = { algorithm = 'gcra', per = '1m' }").unwrap_err();
    /// assert_eq!(error.parts(), ("policy.api.a.limit", "gcra needs it"));
    /// ```
    #[must_use]
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once(": ").unwrap_or(("", &self.0))
    }
}

/// The policies of a whole text, or an error message that starts with the field it is about.
fn build(text: &Value<'_>) -> Result<PolicySet, String> {
    let Value::Table(entries) = text else {
        return Err(String::from("a text has a table `policy`"));
    };
    let mut set = PolicySet { live_policies: live_policies(entries)?, ..PolicySet::default() };
    for (name, value) in entries.iter().filter(|(name, _)| name != LIVE_POLICIES) {
        match value {
            Value::Table(policies) if name == "policy" => add_policies(&mut set, policies)?,
            Value::Table(pools) if name == "pool" => add_pools(&mut set, pools)?,
            _ => {
                return Err(format!(
                    "{name}: a text has nothing but tables [policy.NAME] and [pool.NAME], and live_policies"
                ));
            }
        }
    }
    check_pools(&set)?;
    Ok(set)
}

/// Whether policies may be changed live: yes, unless the text says no.
fn live_policies(entries: &[Entry<'_>]) -> Result<bool, String> {
    let fields = Fields { owner: "a text", entries };
    match fields.get(LIVE_POLICIES).map_err(|_| format!("{LIVE_POLICIES}: is given twice"))? {
        None => Ok(true),
        Some(Value::Truth(truth)) => Ok(*truth),
        Some(_) => Err(format!("{LIVE_POLICIES}: must be true or false")),
    }
}

fn add_pools(set: &mut PolicySet, pools: &[Entry<'_>]) -> Result<(), String> {
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

/// Checks that every member's policy exists.
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

fn add_policies(set: &mut PolicySet, policies: &[Entry<'_>]) -> Result<(), String> {
    for (name, table) in policies {
        if set.get(name).is_some() {
            return Err(format!("policy.{name}: is given twice"));
        }
        if set.policies.len() == POLICIES_MAX {
            return Err(format!("policy.{name}: there are at most {POLICIES_MAX} policies"));
        }
        let policy = NamedPolicy::read(name, table);
        let policy = policy.map_err(|message| format!("policy.{name}{message}"))?;
        set.policies.push(policy);
    }
    Ok(())
}
