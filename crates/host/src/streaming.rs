//! Whether an instance is still streaming an answer. It then keeps running although all of its requests have
//! been answered, and must not be taken for stuck.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// One request's answer.
#[derive(Clone, Default)]
pub(crate) struct Mark(Arc<AtomicBool>);

impl Mark {
    /// The answer is a stream.
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The answers of one instance, which answers about a hundred requests in its life.
#[derive(Clone, Default)]
pub(crate) struct Streaming(Arc<Mutex<Vec<Mark>>>);

impl Streaming {
    pub(crate) fn add(&self, mark: Mark) {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // An answer that was complete without being marked never becomes a stream.
        marks.retain(|mark| mark.is_set() || Arc::strong_count(&mark.0) > 1);
        marks.push(mark);
    }

    pub(crate) fn is_any(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().any(Mark::is_set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_are_complete_are_forgotten() {
        let streaming = Streaming::default();
        let (complete, going_on) = (Mark::default(), Mark::default());
        streaming.add(complete.clone());
        drop(complete);
        streaming.add(going_on.clone());
        assert!(!streaming.is_any());
        going_on.set();
        assert!(streaming.is_any());
        streaming.add(Mark::default());
        drop(going_on);
        assert!(streaming.is_any(), "the instance may not have found out that its client is gone");
        assert_eq!(streaming.0.lock().map(|marks| marks.len()).ok(), Some(2));
    }
}
