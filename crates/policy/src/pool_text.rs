//! One pool as it is written in a policy text.

use tollgate_core::{KEY_BYTES_MAX, LimitError, Member, Name, Pool, is_key};

use crate::fields::Fields;
use crate::value::Value;

/// Which member of a pool is asked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PoolChoice {
    /// In rotation; each process keeps its own.
    #[default]
    RoundRobin,
    /// A random one.
    Random,
    /// The one whose first limit has the most units left.
    MostRoom,
}

/// Keys that can stand in for each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPool {
    name: Name,
    choice: PoolChoice,
    pool: Pool,
    /// Policy and key of each member, in the order of the pool.
    places: Vec<(Name, String)>,
}

impl NamedPool {
    /// The pool's name.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// Which member is asked first.
    #[must_use]
    pub const fn choice(&self) -> PoolChoice {
        self.choice
    }

    /// The members, and what is configured of them.
    #[must_use]
    pub const fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The policy and the key of each member, in the order of the pool.
    pub fn places(&self) -> impl ExactSizeIterator<Item = (&Name, &str)> {
        self.places.iter().map(|(policy, key)| (policy, &**key))
    }
}

/// The pool that a table describes, or a message that starts with the field it is about.
pub(crate) fn pool(name: &str, table: &Value<'_>) -> Result<NamedPool, String> {
    let Value::Table(entries) = table else { return Err(String::from(": must be a table")) };
    let name = Name::new(name).ok_or_else(|| format!(": its {}", LimitError::Name))?;
    let fields = Fields { owner: "a pool", entries };
    fields.has_only(&["choice", "members"], &[])?;
    let words = [
        ("round-robin", PoolChoice::RoundRobin),
        ("random", PoolChoice::Random),
        ("most-room", PoolChoice::MostRoom),
    ];
    let choice = fields.word("choice", &words)?.unwrap_or_default();
    let Some(Value::List(items)) = fields.get("members")? else {
        return Err(String::from(
            ".members: must be a list such as [{ policy = \"llm\", key = \"eu\" }]",
        ));
    };
    let members = items
        .iter()
        .enumerate()
        .map(|(index, item)| member(item).map_err(|message| format!(".members[{index}]{message}")));
    let (places, members): (Vec<_>, Vec<_>) =
        members.collect::<Result<Vec<_>, String>>()?.into_iter().unzip();
    let pool = Pool::new(members).map_err(|error| format!(".{error}"))?;
    Ok(NamedPool { name, choice, pool, places })
}

/// A member's policy and key, and what else is configured of it.
fn member(item: &Value<'_>) -> Result<((Name, String), Member), String> {
    let Value::Table(entries) = item else { return Err(String::from(": must be a table")) };
    let fields = Fields { owner: "a member", entries };
    let policy = fields.needed("policy", fields.text("policy")?)?;
    let policy = Name::new(policy).ok_or_else(|| format!(".policy: must be {}", Name::RULE))?;
    let key = fields.needed("key", fields.text("key")?)?;
    if !is_key(key) {
        return Err(format!(".key: must have 1 to {KEY_BYTES_MAX} bytes"));
    }
    let mut pairs = Vec::new();
    for (name, _) in entries.iter().filter(|(name, _)| name != "policy" && name != "key") {
        pairs.push((&**name, fields.needed(name, fields.text(name)?)?));
    }
    let member = Member::new(pairs).map_err(|error| format!(": {error}"))?;
    Ok(((policy, key.to_owned()), member))
}
