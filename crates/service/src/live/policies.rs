//! The live policies of one tenant, ready for requests.

use std::sync::Arc;

use tollgate_core::{Carry, Name, Timestamp};
use tollgate_store::{Clock, Store};

use super::document::{Document, History, Version};
use crate::limiter::{Limiter, LimiterError};
use crate::opened::{Opened, Origin};
use crate::service::Service;

/// The live policies of one tenant, as they were read from the store.
pub(crate) struct LivePolicies<L: Limiter> {
    /// The bytes they were read from, so that an unchanged record is not read again.
    bytes: Option<Vec<u8>>,
    /// By name.
    histories: Vec<Arc<OpenHistory<L>>>,
}

/// The successive policies of one name, ready for requests.
struct OpenHistory<L: Limiter> {
    name: Name,
    versions: Vec<OpenVersion<L>>,
}

struct OpenVersion<L: Limiter> {
    revision: u64,
    effective_at: Timestamp,
    /// `None` if there is no policy of this name.
    opened: Option<Arc<Opened<L>>>,
}

/// Which policy is in force.
pub(crate) enum Found<'a, L: Limiter> {
    Live(&'a Opened<L>),
    /// It was never changed.
    Configuration,
    /// It was deleted, and the configuration has none.
    Nothing,
}

impl<L: Limiter> Default for LivePolicies<L> {
    fn default() -> Self {
        Self { bytes: None, histories: Vec::new() }
    }
}

impl<L: Limiter> LivePolicies<L> {
    /// Whether they were read from exactly these bytes.
    pub(crate) fn are_of(&self, bytes: Option<&[u8]>) -> bool {
        self.bytes.as_deref() == bytes
    }

    /// Reads them from these bytes. A policy unchanged since `before` is kept, with what this process holds for
    /// its keys.
    pub(crate) fn read<S: Store, C: Clock>(
        bytes: Option<Vec<u8>>,
        before: &Self,
        service: &Service<S, L, C>,
    ) -> Result<Self, LimiterError> {
        let document =
            Document::decode(bytes.as_deref()).map_err(|_| LimiterError::CorruptPolicies)?;
        let histories =
            document.histories.iter().map(|history| match before.history(&history.name) {
                Some(open) if open.is_of(history) => Ok(Arc::clone(open)),
                _ => Ok(Arc::new(OpenHistory::new(history, service)?)),
            });
        Ok(Self { histories: histories.collect::<Result<_, LimiterError>>()?, bytes })
    }

    /// Whether no changes are kept.
    pub(crate) const fn is_empty(&self) -> bool {
        self.histories.is_empty()
    }

    /// The policy of this name that is in force.
    pub(crate) fn find(&self, name: &str, now: Timestamp) -> Found<'_, L> {
        let version = self.history(name).and_then(|history| history.at(now));
        match version {
            None | Some(OpenVersion { revision: 0, .. }) => Found::Configuration,
            Some(OpenVersion { opened: Some(opened), .. }) => Found::Live(opened),
            Some(_) => Found::Nothing,
        }
    }

    /// All that are in force.
    pub(crate) fn in_force(&self, now: Timestamp) -> impl Iterator<Item = &Opened<L>> {
        self.histories.iter().filter_map(move |history| history.at(now)?.opened.as_deref())
    }

    fn history(&self, name: &str) -> Option<&Arc<OpenHistory<L>>> {
        let found = self.histories.binary_search_by(|history| (*history.name).cmp(name));
        self.histories.get(found.ok()?)
    }
}

impl<L: Limiter> OpenHistory<L> {
    fn new<S: Store, C: Clock>(
        history: &History,
        service: &Service<S, L, C>,
    ) -> Result<Self, LimiterError> {
        let mut versions: Vec<OpenVersion<L>> = Vec::with_capacity(history.versions.len());
        for version in &history.versions {
            let before = versions.last().and_then(|version| version.opened.clone());
            versions.push(OpenVersion {
                revision: version.revision,
                effective_at: version.effective_at(),
                opened: open(&history.name, version, before, service)?.map(Arc::new),
            });
        }
        Ok(Self { name: history.name.clone(), versions })
    }

    /// A revision always stands for the same version, so comparing revisions is enough.
    fn is_of(&self, history: &History) -> bool {
        let revisions = self.versions.iter().map(|version| version.revision);
        revisions.eq(history.versions.iter().map(|version| version.revision))
    }

    fn at(&self, now: Timestamp) -> Option<&OpenVersion<L>> {
        self.versions.iter().rev().find(|version| version.effective_at <= now)
    }
}

/// A version, ready for requests; `None` if there is no policy.
fn open<S: Store, L: Limiter, C: Clock>(
    name: &Name,
    version: &Version,
    before: Option<Arc<Opened<L>>>,
    service: &Service<S, L, C>,
) -> Result<Option<Opened<L>>, LimiterError> {
    let configured = service.opened(name).ok();
    let Some(policy) =
        version.policy.as_ref().or_else(|| configured.map(|configured| &*configured.named))
    else {
        return Ok(None);
    };
    let decisions = configured.map_or(&service.live_decisions, |configured| &configured.decisions);
    let opened = Opened::new(&service.limiter, policy.clone(), decisions)?;
    if version.revision == 0 {
        return Ok(Some(opened));
    }
    let carry = match version.carry {
        // There is no earlier policy to be in proportion to.
        Carry::InProportion if before.is_none() => Carry::AsIs,
        carry => carry,
    };
    let (revision, at) = (version.revision, version.effective_at());
    Ok(Some(opened.with_origin(Origin { revision, at, carry, before })))
}
