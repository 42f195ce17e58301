//! The configuration's pools, and whose turn it is in each.

use std::sync::atomic::{AtomicU64, Ordering};

use tollgate_core::Choice;
use tollgate_policy::NamedPool;

use crate::problem::Problem;

/// Every pool, in the order of the configuration.
pub(crate) struct Pools(Vec<OpenPool>);

/// A pool, ready for requests.
pub(crate) struct OpenPool {
    pub(crate) named: NamedPool,
    /// How many requests took a turn in this process. Per pool: with one count for all, pools that are asked
    /// alternately would always begin with the same members.
    turns: AtomicU64,
}

impl Pools {
    pub(crate) fn new<'a>(pools: impl Iterator<Item = &'a NamedPool>) -> Self {
        let open = |named: &NamedPool| OpenPool { named: named.clone(), turns: AtomicU64::new(0) };
        Self(pools.map(open).collect())
    }

    pub(crate) fn find(&self, name: &str) -> Result<&OpenPool, Problem> {
        let found = self.0.iter().find(|pool| **pool.named.name() == *name);
        found.ok_or_else(Problem::unknown_pool)
    }
}

impl OpenPool {
    /// Each member comes first in turn.
    pub(crate) fn next_turn(&self) -> Choice<'static> {
        Choice::RoundRobin { turn: self.turns.fetch_add(1, Ordering::Relaxed), offset: 0 }
    }
}
