//! Deciding without an object that was asked and gave no answer.

use std::cell::RefCell;
use std::rc::Rc;

use tollgate_core::Span;
use tollgate_store::{Loaded, Store, StoreError, Swap};

use crate::objects::Objects;

/// All objects but those that are left alone.
pub(crate) struct HeardObjects {
    objects: Objects,
    unheard: Unheard,
}

/// The records whose objects are left alone, each as often as somebody wants it.
#[derive(Clone, Default)]
pub(crate) struct Unheard(Rc<RefCell<Vec<String>>>);

/// Leaves the object of a record alone until it is dropped.
pub(crate) struct LeftAlone {
    record_key: String,
    unheard: Unheard,
}

impl HeardObjects {
    /// All `objects` but those of the records that `unheard` names at the time.
    pub(crate) const fn new(objects: Objects, unheard: Unheard) -> Self {
        Self { objects, unheard }
    }

    fn check(&self, record_key: &str) -> Result<(), StoreError> {
        if self.unheard.0.borrow().iter().any(|it| it == record_key) {
            return Err(StoreError::Unavailable(String::from("its object gave no answer")));
        }
        Ok(())
    }
}

impl Unheard {
    /// Has the object of this record left alone.
    pub(crate) fn leave_alone(&self, record_key: String) -> LeftAlone {
        self.0.borrow_mut().push(record_key.clone());
        LeftAlone { record_key, unheard: self.clone() }
    }
}

impl Drop for LeftAlone {
    fn drop(&mut self) {
        let mut unheard = self.unheard.0.borrow_mut();
        if let Some(index) = unheard.iter().position(|it| *it == self.record_key) {
            unheard.swap_remove(index);
        }
    }
}

impl Store for HeardObjects {
    type Token = <Objects as Store>::Token;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        self.check(key)?;
        self.objects.load(key).await
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        self.check(key)?;
        self.objects.swap(key, token, record, forget_after).await
    }
}
