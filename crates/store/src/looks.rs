//! What a decision is made on: the record that the store remembers, while that is good enough, and then the one
//! that it holds.

use futures::future::try_join_all;

use crate::{Loaded, Store, StoreError};

/// The looks of one decision at its records.
///
/// A remembered record may be stale. Only a successful swap proves that it was not, so its decision is returned to
/// nobody before that. A decision that writes nothing has no such proof, and is made on a loaded record.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    /// Whether the last look was at what is remembered.
    recalled: bool,
    /// Whether the next ones load, whatever is remembered.
    loads: bool,
    /// Whether a swap over what was remembered lost since the last race.
    outdated: bool,
}

impl Looks {
    pub(crate) async fn look<S: Store>(
        &mut self,
        store: &S,
        key: &str,
    ) -> Result<Loaded<S::Token>, StoreError> {
        let remembered = if self.loads { None } else { store.recall(key) };
        self.recalled = remembered.is_some();
        match remembered {
            Some(seen) => Ok(seen),
            None => store.load(key).await,
        }
    }

    /// Looks at several keys: at all of them as they are remembered, or at none.
    pub(crate) async fn look_at_all<S: Store>(
        &mut self,
        store: &S,
        keys: &[&str],
    ) -> Result<Vec<Loaded<S::Token>>, StoreError> {
        let recall = |key: &&str| if self.loads { None } else { store.recall(key) };
        let remembered: Option<Vec<_>> = keys.iter().map(recall).collect();
        self.recalled = remembered.is_some();
        match remembered {
            Some(seen) => Ok(seen),
            None => try_join_all(keys.iter().map(|key| store.load(key))).await,
        }
    }

    /// Whether the last look was at what the store held.
    pub(crate) const fn is_fresh(&self) -> bool {
        !self.recalled
    }

    /// Whether an answer stands without a swap. If not, the next look is at what the store holds.
    pub(crate) const fn stands(&mut self) -> bool {
        self.loads |= self.recalled;
        self.is_fresh()
    }

    /// Whether a conflict means that others are writing this key right now, so that backing off helps. The first
    /// conflict over a remembered record does not: that record may have been stale for a long time.
    pub(crate) const fn is_race(&mut self) -> bool {
        self.outdated = self.recalled && !self.outdated;
        !self.outdated
    }
}
