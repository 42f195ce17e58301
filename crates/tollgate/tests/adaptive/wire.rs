//! A bus that carries nothing by itself: the test does.

use std::collections::VecDeque;
use std::future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tollgate::{BusError, CapacityBus};

/// Everything that any member announced, in order. All clones share the same wire.
#[derive(Clone, Default)]
pub(crate) struct Wire {
    messages: Arc<Mutex<Vec<Vec<u8>>>>,
    is_cut: Arc<AtomicBool>,
}

impl Wire {
    pub(crate) fn messages(&self) -> Vec<Vec<u8>> {
        self.messages.lock().unwrap().clone()
    }

    pub(crate) fn cut(&self, is_cut: bool) {
        self.is_cut.store(is_cut, Ordering::SeqCst);
    }
}

impl CapacityBus for Wire {
    fn announce(&self, message: &[u8]) -> Result<(), BusError> {
        if self.is_cut.load(Ordering::SeqCst) {
            return Err(BusError::Down);
        }
        self.messages.lock().unwrap().push(message.to_vec());
        Ok(())
    }

    async fn next(&self) -> Result<Vec<u8>, BusError> {
        future::pending().await
    }
}

type Next = Result<Vec<u8>, BusError>;

/// A bus on which others say what the test says, and then nothing.
#[derive(Clone, Default)]
pub(crate) struct Script(Arc<Mutex<VecDeque<Next>>>);

impl Script {
    pub(crate) fn say(&self, next: Next) {
        self.0.lock().unwrap().push_back(next);
    }
}

impl CapacityBus for Script {
    fn announce(&self, _: &[u8]) -> Result<(), BusError> {
        Ok(())
    }

    async fn next(&self) -> Next {
        let next = self.0.lock().unwrap().pop_front();
        match next {
            Some(next) => next,
            None => future::pending().await,
        }
    }
}
