//! Many requests at once.

use tollgate_core::Timestamp;

use crate::{Admission, Handle, Table, TableError};

impl Table {
    /// Charges each key its costs, each request as if it were alone and in this order, and calls `answer` for
    /// every one. `costs` concatenates those of all requests, one per limit for each.
    ///
    /// # Errors
    /// [`TableError::UnknownHandle`], [`TableError::Costs`]: then nothing was charged to any key.
    pub fn acquire_batch(
        &mut self,
        keys: &[u64],
        costs: &[u64],
        now: Timestamp,
        mut answer: impl FnMut(Admission),
    ) -> Result<(), TableError> {
        // Checked before anything is charged, so that an error means that nothing was.
        if !keys.iter().all(|key| self.knows(Handle::from_u64(*key))) {
            return Err(TableError::UnknownHandle);
        }
        self.for_each(keys, costs, |_, _| Ok(()))?;
        self.for_each(keys, costs, |table, key| {
            answer(table.acquire_again(key, now)?);
            Ok(())
        })
    }

    /// Makes each request the one that is asked for, in their order.
    fn for_each(
        &mut self,
        keys: &[u64],
        mut costs: &[u64],
        mut work: impl FnMut(&mut Self, Handle) -> Result<(), TableError>,
    ) -> Result<(), TableError> {
        let limits = self.policy().limits().len();
        for key in keys {
            let (own, others) = costs.split_at_checked(limits).ok_or(TableError::Costs)?;
            costs = others;
            self.ask_for(own)?;
            work(self, Handle::from_u64(*key))?;
        }
        if costs.is_empty() { Ok(()) } else { Err(TableError::Costs) }
    }
}
