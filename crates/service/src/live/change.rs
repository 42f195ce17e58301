//! Changing the live policies of a tenant, within their bounds.

use tollgate_core::{Carry, Name, Span, Timestamp};
use tollgate_policy::NamedPolicy;

use super::document::{Document, History, LIVE_BYTES_MAX, Version};

/// Most policies that a tenant has changed live.
pub(crate) const LIVE_POLICIES_MAX: usize = 100;

/// Most versions of one policy that are kept, including the one in force: a record written under a version older
/// than these is read as it is.
pub(crate) const VERSIONS_MAX: usize = 8;

/// How long after the request a change takes effect. By then every process has loaded it: a copy may be a second
/// old, reloading it may take a second, and clocks may differ by a second.
pub(crate) const LEAD: Span = Span::from_secs(3);

/// A requested change.
pub(crate) struct Change<'a> {
    pub(crate) name: &'a Name,
    /// The new policy, or `None` to delete it.
    pub(crate) policy: Option<&'a NamedPolicy>,
    /// The configuration's policy of this name.
    pub(crate) configured: Option<&'a NamedPolicy>,
    pub(crate) carry: Carry,
    /// The revision that the caller expects to be this policy's newest.
    pub(crate) expected: Option<u64>,
}

/// Why nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is no live policy to delete.
    NotLive,
    /// This policy's newest revision is this one, not the expected one.
    Revision(u64),
    /// There are [`LIVE_POLICIES_MAX`] policies already.
    TooManyPolicies,
    /// All [`VERSIONS_MAX`] versions of this policy are still needed: the second has not taken effect yet.
    TooManyVersions,
    /// The document would exceed [`LIVE_BYTES_MAX`].
    TooManyBytes,
}

impl Document {
    /// The document with a change that takes effect [`LEAD`] after `now`.
    pub(crate) fn changed(mut self, change: &Change<'_>, now: Timestamp) -> Result<Self, Refusal> {
        let newest = self.get(change.name).and_then(History::newest);
        let newest_revision = newest.map_or(0, |version| version.revision);
        let is_live = newest.is_some_and(|version| version.policy.is_some());
        if change.expected.is_some_and(|expected| expected != newest_revision) {
            return Err(Refusal::Revision(newest_revision));
        }
        // The configuration's own policy is kept as revision 0.
        if change.policy.is_none() && (newest_revision == 0 || !is_live) {
            return Err(Refusal::NotLive);
        }
        if change.policy.is_some() && !is_live && self.live_names() == LIVE_POLICIES_MAX {
            return Err(Refusal::TooManyPolicies);
        }
        let (last_at_ms, effective_at) =
            (newest.map_or(0, |version| version.effective_at_ms), now.plus(LEAD));
        self.revision = self.revision.saturating_add(1);
        let version = Version {
            revision: self.revision,
            effective_at_ms: (effective_at.as_nanos() / 1_000_000).max(last_at_ms),
            carry: change.carry,
            policy: change.policy.cloned(),
        };
        self.push(change, version);
        self.forget(now)?;
        Ok(self)
    }

    /// How many names have a live policy.
    fn live_names(&self) -> usize {
        let newest = self.histories.iter().filter_map(History::newest);
        newest.filter(|version| version.revision > 0 && version.policy.is_some()).count()
    }

    /// Adds a version to the history of its name, which begins with the configuration's policy.
    fn push(&mut self, change: &Change<'_>, version: Version) {
        match self.histories.binary_search_by(|history| history.name.cmp(change.name)) {
            Ok(index) => {
                if let Some(history) = self.histories.get_mut(index) {
                    history.versions.push(version);
                }
            }
            Err(index) => {
                let (policy, carry) = (change.configured.cloned(), Carry::AsIs);
                let before = Version { revision: 0, effective_at_ms: 0, carry, policy };
                let versions = vec![before, version];
                self.histories.insert(index, History { name: change.name.clone(), versions });
            }
        }
    }

    /// Forgets the oldest versions until the document is within its limits.
    fn forget(&mut self, now: Timestamp) -> Result<(), Refusal> {
        for history in &mut self.histories {
            while history.versions.len() > VERSIONS_MAX {
                if !history.has_past(now) {
                    return Err(Refusal::TooManyVersions);
                }
                history.versions.remove(0);
            }
        }
        while self.encode().len() > LIVE_BYTES_MAX {
            let past = self.histories.iter_mut().filter(|history| history.has_past(now));
            let oldest = past.min_by_key(|history| history.versions.first().map(|it| it.revision));
            let oldest = oldest.ok_or(Refusal::TooManyBytes)?;
            oldest.versions.remove(0);
            self.histories.retain(|history| !history.versions.is_empty());
        }
        Ok(())
    }
}

impl History {
    /// Whether the oldest version can be forgotten: another one has replaced it, or it only defers to the
    /// configuration.
    fn has_past(&self, now: Timestamp) -> bool {
        match &*self.versions {
            [only] => only.policy.is_none() && only.effective_at() <= now,
            [_, second, ..] => second.effective_at() <= now,
            [] => false,
        }
    }
}
