//! Capacities that a swarm of processes reduces together.

mod announcement;
mod bus;
mod error;
mod hearing;
mod local_bus;
#[cfg(feature = "nats")]
mod nats_bus;
mod resource;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tollgate_core::{
    Capacity, CapacitySetting, Change, Note, Operation, Policy, ReduceFactor, SOURCE_BYTES_MAX,
};
use tollgate_store::Clock;

use self::announcement::Announcement;
use self::resource::Resource;
use crate::{LimitSet, SystemClock};

pub use self::announcement::ANNOUNCEMENT_BYTES_MAX;
pub use self::bus::{BusError, CapacityBus};
pub use self::error::AdaptiveError;
pub use self::hearing::BusHealth;
pub use self::local_bus::{LOCAL_BUS_MESSAGES_MAX, LocalBus};
#[cfg(feature = "nats")]
pub use self::nats_bus::{NATS_SUBJECT_BYTES_MAX, NatsBus, NatsBusError};

/// Most resources of an adaptive limiter, each of which is announced by itself.
pub const RESOURCES_MAX: usize = 1_024;

/// Limits of upstreams that a swarm of processes shares: each process decides alone, in memory, and one
/// that an upstream pushes back on reduces the capacity for all. The capacity recovers by itself, by
/// the limit's [`Recovery`](crate::Recovery), to the same number at the same time everywhere.
///
/// Announcements may be lost, repeated and reordered: hearing of a reduction only ever lowers a
/// capacity, and every few seconds one of the members that know of a reduction in force announces it again.
/// When the bus is down, members still decide and reduce their own capacity;
/// [`bus_health`](Self::bus_health) reports it. Members must have the same policy for a resource, and
/// clocks that differ by less than [`SKEW_MAX`](crate::SKEW_MAX).
///
/// ```
/// use tollgate::{
///     AdaptiveLimiter, Algorithm, Limit, LocalBus, Policy, Recovery, ReduceFactor, Reduced, Span,
/// };
/// let (period, recovery) = (Span::from_secs(60), Recovery::default());
/// let requests = Limit::new("requests", Algorithm::Adaptive { capacity: 100, period, recovery })?;
/// let policy = Policy::new([requests])?;
///
/// let bus = LocalBus::default();
/// let other = AdaptiveLimiter::new("worker-2", bus.join(), [("chat", policy.clone())])?
///     .on_change(|event| println!("{}: {}", event.resource, event.change.note.reason()));
/// let worker = AdaptiveLimiter::new("worker-1", bus, [("chat", policy)])?;
///
/// let chat = worker.resource("chat").ok_or("there is no chat")?;
/// assert!(chat.try_acquire(chat.policy().costs([])?)?.is_allowed());
/// // The upstream answered 429.
/// assert_eq!(worker.reduce("chat", ReduceFactor::default(), "429")?, Reduced::Announced);
/// assert_eq!(worker.capacity("chat")?.capacity, 50);
///
/// // In the other process `other.run()` is a task on any runtime, or a thread of its own. Here, by hand:
/// # use tollgate::CapacityBus as _;
/// other.hear(&pollster::block_on(other.bus().next())?)?;
/// assert_eq!(other.capacity("chat")?.capacity, 50);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct AdaptiveLimiter<B, C = SystemClock> {
    source: Box<str>,
    bus: B,
    clock: C,
    resources: HashMap<Box<str>, Resource<C>>,
    listeners: Vec<Listener>,
    health: Mutex<BusHealth>,
}

type Listener = Box<dyn Fn(&CapacityEvent<'_>) + Send + Sync>;

/// A change of capacity that is in force here now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapacityEvent<'a> {
    /// Of what.
    pub resource: &'a str,
    /// What is in force now.
    pub capacity: Capacity,
    /// When it was changed, to what, by whom and why. The capacity may have recovered since.
    pub change: &'a Change,
}

/// What became of a reduction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reduced {
    /// It is in force here, and was handed to the bus.
    Announced,
    /// It is in force here. The bus did not take it: it is announced again while it is in force.
    Unannounced(BusError),
    /// The capacity is 1 already.
    Unchanged,
}

impl<B: CapacityBus> AdaptiveLimiter<B> {
    /// A member of a swarm, named `source` (at most [`SOURCE_BYTES_MAX`] bytes), with a policy for each of
    /// at most [`RESOURCES_MAX`] resources. Each policy has one adaptive limit: that is what is reduced.
    ///
    /// # Errors
    /// [`AdaptiveError`] says which argument is out of its range.
    pub fn new<'n>(
        source: &str,
        bus: B,
        resources: impl IntoIterator<Item = (&'n str, Policy)>,
    ) -> Result<Self, AdaptiveError> {
        Self::with_clock(source, bus, resources, SystemClock::default())
    }
}

impl<B: CapacityBus, C: Clock + Clone> AdaptiveLimiter<B, C> {
    /// A member with a clock of its own.
    ///
    /// # Errors
    /// As [`new`](AdaptiveLimiter::new).
    pub fn with_clock<'n>(
        source: &str,
        bus: B,
        resources: impl IntoIterator<Item = (&'n str, Policy)>,
        clock: C,
    ) -> Result<Self, AdaptiveError> {
        if source.len() > SOURCE_BYTES_MAX {
            return Err(AdaptiveError::Source);
        }
        let mut known = HashMap::new();
        for (name, policy) in resources {
            if known.len() == RESOURCES_MAX {
                return Err(AdaptiveError::Resources);
            }
            let resource = Resource::new(name, policy, clock.clone())?;
            if known.insert(name.into(), resource).is_some() {
                return Err(AdaptiveError::Repeated(name.to_owned()));
            }
        }
        Ok(Self {
            source: source.into(),
            bus,
            clock,
            resources: known,
            listeners: Vec::new(),
            health: Mutex::default(),
        })
    }
}

impl<B: CapacityBus, C: Clock> AdaptiveLimiter<B, C> {
    /// Calls `listener` after every change of a capacity here: one that was set, one that was reduced, and
    /// one that was heard of and is lower or lasts longer. Recovery steps are not changes.
    ///
    /// It is called on the thread that makes or hears of the change, with no lock held: it may call this
    /// limiter. Concurrent changes may arrive in any order; each carries its time.
    #[must_use]
    pub fn on_change(
        mut self,
        listener: impl Fn(&CapacityEvent<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.listeners.push(Box::new(listener));
        self
    }

    /// The limits of a resource, to acquire from.
    #[must_use]
    pub fn resource(&self, name: &str) -> Option<&LimitSet<C>> {
        Some(self.resources.get(name)?.limits())
    }

    /// The bus.
    #[must_use]
    pub const fn bus(&self) -> &B {
        &self.bus
    }

    /// What is in force for a resource.
    ///
    /// # Errors
    /// [`AdaptiveError::Unknown`].
    pub fn capacity(&self, resource: &str) -> Result<Capacity, AdaptiveError> {
        let unknown = || AdaptiveError::Unknown(resource.to_owned());
        self.find(resource)?.1.capacity().ok_or_else(unknown)
    }

    /// Reduces the capacity of a resource, at most to 1 unit, and announces it.
    ///
    /// # Errors
    /// [`AdaptiveError::Unknown`] and [`AdaptiveError::Reason`]. A bus that does not take it is not an error.
    pub fn reduce(
        &self,
        resource: &str,
        factor: ReduceFactor,
        reason: &str,
    ) -> Result<Reduced, AdaptiveError> {
        let (name, resource) = self.find(resource)?;
        let (limit, note) = (resource.limit(), self.note(reason)?);
        let Some((capacity, change)) = resource.reduce(&Operation::Reduce { limit, factor, note })
        else {
            return Ok(Reduced::Unchanged);
        };
        let announced = self.announce(name, &change);
        self.tell(name, capacity, &change);
        Ok(announced.map_or_else(Reduced::Unannounced, |()| Reduced::Announced))
    }

    /// Sets the capacity of a resource here, or returns to the policy's. What is available is clipped to
    /// it and never topped up. A reduction ends, and earlier ones are no longer followed: the setting
    /// overrides them. Other members are not told.
    ///
    /// # Errors
    /// [`AdaptiveError::Unknown`] and [`AdaptiveError::Reason`].
    pub fn set_capacity(
        &self,
        resource: &str,
        capacity: Option<CapacitySetting>,
        reason: &str,
    ) -> Result<(), AdaptiveError> {
        let (name, resource) = self.find(resource)?;
        let (limit, note) = (resource.limit(), self.note(reason)?);
        let set = Operation::SetCapacity { limit, capacity, note };
        if let Some((capacity, change)) = resource.set(&set) {
            self.tell(name, capacity, &change);
        }
        Ok(())
    }

    fn find(&self, resource: &str) -> Result<(&str, &Resource<C>), AdaptiveError> {
        match self.resources.get_key_value(resource) {
            Some((name, resource)) => Ok((name, resource)),
            None => Err(AdaptiveError::Unknown(resource.to_owned())),
        }
    }

    fn note(&self, reason: &str) -> Result<Note, AdaptiveError> {
        Note::new(&self.source, reason).ok_or(AdaptiveError::Reason)
    }

    /// Calls the listeners. No lock is held.
    fn tell(&self, resource: &str, capacity: Capacity, change: &Change) {
        for listener in &self.listeners {
            listener(&CapacityEvent { resource, capacity, change });
        }
    }

    fn announce(&self, resource: &str, change: &Change) -> Result<(), BusError> {
        let message = Announcement { resource, change: change.clone() }.encode();
        let announced = self.bus.announce(&message);
        self.health().announced(announced);
        announced
    }

    /// Nothing panics while it is locked.
    fn health(&self) -> MutexGuard<'_, BusHealth> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
