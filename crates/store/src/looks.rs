//! What a decision looks at: what is remembered of a record as long as that will do, and then what the store holds.

use futures::future::try_join_all;

use crate::{Loaded, Store, StoreError};

/// The looks of one decision at its records.
///
/// What is remembered may be over, so a swap has to show that it was not: until then nobody is told what comes of
/// it, and what needs no swap is decided on a record that was loaded.
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

    /// Whether a swap that lost says that others are here now. What was remembered may have been over for long: so
    /// after its first loss there is nobody to be parted from, and nothing to be waited for.
    pub(crate) const fn is_race(&mut self) -> bool {
        self.outdated = self.recalled && !self.outdated;
        !self.outdated
    }
}
