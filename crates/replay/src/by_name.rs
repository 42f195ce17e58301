//! One value per limit, as a JSON object.

use serde::{Serialize, Serializer};
use tollgate_core::Policy;

/// Values in the order of the policy's limits; in JSON, an object in that order with their names.
pub(crate) struct ByName<'p, T> {
    pub(crate) policy: &'p Policy,
    pub(crate) values: Vec<T>,
}

impl<T: Serialize> Serialize for ByName<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let names = self.policy.limits().iter().map(|limit| &**limit.name());
        serializer.collect_map(names.zip(&self.values))
    }
}
