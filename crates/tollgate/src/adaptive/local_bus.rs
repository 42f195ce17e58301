//! A bus within a process.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use event_listener::Event;

use super::bus::{BusError, CapacityBus};

/// Most unheard messages of a member of a [`LocalBus`]. With one more, the oldest is lost.
pub const LOCAL_BUS_MESSAGES_MAX: usize = 1_024;

/// One member's end of a bus between limiters of the same process: `default` makes a bus, and
/// [`join`](Self::join) another member of it.
#[derive(Debug, Default)]
pub struct LocalBus {
    members: Arc<Mutex<Vec<Weak<Inbox>>>>,
    inbox: Arc<Inbox>,
}

#[derive(Debug, Default)]
struct Inbox {
    messages: Mutex<VecDeque<Vec<u8>>>,
    arrived: Event,
}

impl LocalBus {
    /// Another member, which hears what the others announce from now on.
    #[must_use]
    pub fn join(&self) -> Self {
        let other = Self { members: Arc::clone(&self.members), inbox: Arc::default() };
        let mut members = lock(&self.members);
        members.retain(|member| member.strong_count() > 0);
        for inbox in [&self.inbox, &other.inbox] {
            let known = members.iter().any(|member| member.as_ptr() == Arc::as_ptr(inbox));
            if !known {
                members.push(Arc::downgrade(inbox));
            }
        }
        drop(members);
        other
    }
}

impl CapacityBus for LocalBus {
    fn announce(&self, message: &[u8]) -> Result<(), BusError> {
        let members = lock(&self.members).clone();
        for inbox in members.iter().filter_map(Weak::upgrade) {
            if !Arc::ptr_eq(&inbox, &self.inbox) {
                inbox.put(message);
            }
        }
        Ok(())
    }

    async fn next(&self) -> Result<Vec<u8>, BusError> {
        loop {
            let arrived = self.inbox.arrived.listen();
            if let Some(message) = lock(&self.inbox.messages).pop_front() {
                return Ok(message);
            }
            arrived.await;
        }
    }
}

impl Inbox {
    fn put(&self, message: &[u8]) {
        let mut messages = lock(&self.messages);
        if messages.len() == LOCAL_BUS_MESSAGES_MAX {
            messages.pop_front();
        }
        messages.push_back(message.to_vec());
        drop(messages);
        self.arrived.notify(1);
    }
}

/// Nothing panics while it is locked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
