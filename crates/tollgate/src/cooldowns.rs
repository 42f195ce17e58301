//! What one caller of an upstream learned about its rate limits, for all that share a store.

use tollgate_core::CorruptBytes;
use tollgate_core::cooldown::{Cooldown, Cooldowns, Event, Filter, Full, Reported};
use tollgate_core::{Span, Timestamp};
use tollgate_store::{Answer, Clock, DriveError, Store, drive};

use crate::WallClock;

/// The cooldowns of one upstream, under one key of a store: a refused caller reports it, and everybody
/// who shares the store asks before the next call instead of finding out alone.
///
/// With a [`MemoryStore`](crate::MemoryStore) those are the threads of a process; with a store in a file
/// or on a server, other processes too.
///
/// ```
/// use tollgate::cooldown::{Event, Filter};
/// use tollgate::{Id, MemoryStore, SharedCooldowns, Span};
/// # pollster::block_on(async {
/// let upstream = SharedCooldowns::new(MemoryStore::default(), "chat");
/// let event = Event::new(Id::from_u128(0x5eed), 7, "429", Span::from_secs(300))?;
/// upstream.report(event.with_label("large-model")?).await?;
///
/// let large = Filter::ANY.with_label("large-model")?;
/// let cooldown = upstream.limited_by(large).await?.unwrap();
/// assert_eq!(cooldown.event().code(), "429");
/// assert!(upstream.limited_by(Filter::ANY.with_label("small-model")?).await?.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct SharedCooldowns<S, C = WallClock> {
    store: S,
    clock: C,
    key: Box<str>,
}

/// Why nothing is known of an upstream, or a report was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CooldownError {
    /// The store failed, or was too busy.
    #[error(transparent)]
    Store(DriveError<CorruptBytes>),
    /// Too many different events are cooling down.
    #[error(transparent)]
    Full(#[from] Full),
}

impl<S: Store> SharedCooldowns<S> {
    /// Those under `key`, by the time of day.
    #[must_use]
    pub fn new(store: S, key: &str) -> Self {
        Self::with_clock(store, key, WallClock)
    }
}

impl<S: Store, C: Clock> SharedCooldowns<S, C> {
    /// Those under `key`, with a clock of their own.
    #[must_use]
    pub fn with_clock(store: S, key: &str, clock: C) -> Self {
        Self { store, clock, key: key.into() }
    }

    /// Reports an event that was seen now. With the same id it counts once, however often it is reported:
    /// after an error, report it again.
    ///
    /// # Errors
    /// [`CooldownError`].
    pub async fn report(&self, event: Event) -> Result<Reported, CooldownError> {
        let report = |cooldowns: &mut Cooldowns, now| {
            let reported = cooldowns.report(event.clone(), now);
            (reported, reported == Ok(Reported::Added))
        };
        Ok(self.act(report).await??)
    }

    /// The active cooldown that matches and expires last: what to wait for. `None` when nothing is known to
    /// limit the call.
    ///
    /// # Errors
    /// [`CooldownError::Store`].
    pub async fn limited_by(&self, filter: Filter<'_>) -> Result<Option<Cooldown>, CooldownError> {
        self.act(|cooldowns, now| (cooldowns.limited_by(filter, now).cloned(), false)).await
    }

    /// All active cooldowns that match, those that expire last first.
    ///
    /// # Errors
    /// [`CooldownError::Store`].
    pub async fn active(&self, filter: Filter<'_>) -> Result<Vec<Cooldown>, CooldownError> {
        let all = |cooldowns: &mut Cooldowns, now| {
            cooldowns.active(filter, now).into_iter().cloned().collect()
        };
        self.act(|cooldowns, now| (all(cooldowns, now), false)).await
    }

    /// Drops the expired events, and returns how many.
    ///
    /// # Errors
    /// [`CooldownError::Store`].
    pub async fn clean_up(&self) -> Result<usize, CooldownError> {
        let clean_up = |cooldowns: &mut Cooldowns, now| {
            let dropped = cooldowns.clean_up(now);
            (dropped, dropped > 0)
        };
        self.act(clean_up).await
    }

    /// Acts on the record, which is written if `act` says that it changed.
    async fn act<T>(
        &self,
        act: impl Fn(&mut Cooldowns, Timestamp) -> (T, bool),
    ) -> Result<T, CooldownError> {
        let ask = |record: Option<&[u8]>, now| {
            let mut cooldowns = record.map_or(Ok(Cooldowns::new()), Cooldowns::decode)?;
            let (outcome, changed) = act(&mut cooldowns, now);
            let record = changed.then(|| cooldowns.encode());
            Ok::<_, CorruptBytes>(Answer { outcome, record, forget_after: Span::NEVER })
        };
        drive(&self.store, &self.clock, &self.key, ask).await.map_err(CooldownError::Store)
    }
}
