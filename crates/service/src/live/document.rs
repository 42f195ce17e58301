//! The live policies of one tenant, as the store keeps them: a version byte, and JSON.

use serde::{Deserialize, Serialize};
use tollgate_core::{Carry, Name, Timestamp};
use tollgate_policy::{NamedPolicy, Value};

/// The layout of the bytes.
const VERSION: u8 = 1;

/// Most bytes of one tenant's live policies, including those they replaced: every instance loads them once a
/// second.
pub(crate) const LIVE_BYTES_MAX: usize = 64 * 1024;

/// What happens to existing records, in the words of the API.
pub(crate) const MIGRATIONS: [(&str, Carry); 3] =
    [("as_is", Carry::AsIs), ("in_proportion", Carry::InProportion), ("reset", Carry::Reset)];

/// The live policies of one tenant, and their history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Document {
    /// How many changes were made: each has its own revision.
    pub(crate) revision: u64,
    /// By name.
    pub(crate) histories: Vec<History>,
}

/// The successive policies of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct History {
    pub(crate) name: Name,
    /// Oldest first; at least one.
    pub(crate) versions: Vec<Version>,
}

/// A policy, in force until the next version of its name takes effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    /// 0 for the configuration's policy before the first change.
    pub(crate) revision: u64,
    pub(crate) effective_at_ms: u64,
    /// What happens to records written under the previous version.
    pub(crate) carry: Carry,
    /// `None` if it was deleted: then the configuration's applies again, if there is one.
    pub(crate) policy: Option<NamedPolicy>,
}

/// The bytes are not a document of live policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Corrupt;

#[derive(Serialize, Deserialize)]
struct DocumentText<'a> {
    revision: u64,
    #[serde(borrow)]
    policies: Vec<HistoryText<'a>>,
}

#[derive(Serialize, Deserialize)]
struct HistoryText<'a> {
    name: String,
    #[serde(borrow)]
    versions: Vec<VersionText<'a>>,
}

#[derive(Serialize, Deserialize)]
struct VersionText<'a> {
    revision: u64,
    effective_at_ms: u64,
    migration: String,
    #[serde(borrow)]
    policy: Option<Value<'a>>,
}

impl Document {
    /// The history of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&History> {
        self.histories.iter().find(|history| *history.name == *name)
    }

    /// Decodes the record; an absent one is a document without policies.
    pub(crate) fn decode(bytes: Option<&[u8]>) -> Result<Self, Corrupt> {
        let Some(bytes) = bytes else { return Ok(Self::default()) };
        let Some((&VERSION, json)) = bytes.split_first() else { return Err(Corrupt) };
        if bytes.len() > LIVE_BYTES_MAX {
            return Err(Corrupt);
        }
        let text: DocumentText = serde_json::from_slice(json).map_err(|_| Corrupt)?;
        let histories = text.policies.into_iter().map(History::read).collect::<Option<Vec<_>>>();
        Ok(Self { revision: text.revision, histories: histories.ok_or(Corrupt)? })
    }

    /// Encodes the record.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let policies = self.histories.iter().map(History::text).collect();
        let mut bytes = vec![VERSION];
        // Structs of strings and numbers: serializing them does not fail.
        let _ =
            serde_json::to_writer(&mut bytes, &DocumentText { revision: self.revision, policies });
        bytes
    }
}

impl History {
    /// The latest version, which may not have taken effect yet.
    pub(crate) fn newest(&self) -> Option<&Version> {
        self.versions.last()
    }

    /// The version that is in force.
    pub(crate) fn at(&self, now: Timestamp) -> Option<&Version> {
        self.versions.iter().rev().find(|version| version.effective_at() <= now)
    }

    fn text(&self) -> HistoryText<'_> {
        let versions = self.versions.iter().map(Version::text).collect();
        HistoryText { name: self.name.to_string(), versions }
    }

    fn read(text: HistoryText<'_>) -> Option<Self> {
        let name = Name::new(&text.name)?;
        let versions = text.versions.into_iter().map(|version| Version::read(&name, version));
        let versions = versions.collect::<Option<Vec<_>>>()?;
        (!versions.is_empty()).then_some(Self { name, versions })
    }
}

impl Version {
    pub(crate) const fn effective_at(&self) -> Timestamp {
        Timestamp::from_nanos(self.effective_at_ms.saturating_mul(1_000_000))
    }

    fn text(&self) -> VersionText<'_> {
        VersionText {
            revision: self.revision,
            effective_at_ms: self.effective_at_ms,
            migration: migration_word(self.carry).to_owned(),
            policy: self.policy.as_ref().map(|policy| policy.text().clone()),
        }
    }

    fn read(name: &Name, text: VersionText<'_>) -> Option<Self> {
        let policy = text.policy.map(|policy| NamedPolicy::new(name, &policy)).transpose();
        Some(Self {
            revision: text.revision,
            effective_at_ms: text.effective_at_ms,
            carry: migration(&text.migration)?,
            policy: policy.ok()?,
        })
    }
}

/// What happens to existing records, from the API's word for it.
pub(crate) fn migration(word: &str) -> Option<Carry> {
    MIGRATIONS.iter().find(|(there, _)| *there == word).map(|(_, carry)| *carry)
}

/// The API's word for what happens to existing records.
pub(crate) fn migration_word(carry: Carry) -> &'static str {
    MIGRATIONS.iter().find(|(_, there)| *there == carry).map_or("", |(word, _)| word)
}
