//! A store, those who use it at the same time, and what they were told.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures::executor::block_on;
use tollgate_core::{Span, Timestamp};
use tollgate_store::{ABANDONED_AFTER, Clock, ElectedStore, ManualClock, Store, Swap, SweptStore};

use crate::choices::Choices;
use crate::model::SpinSqlite;

pub(crate) const KEY: &str = "r/p/k";
pub(crate) const START: Timestamp = Timestamp::from_secs(1_800_000_000);
/// A record that decides as none would. Every charge adds a byte to it.
pub(crate) const IDLE: &[u8] = &[1];
/// What a client tries before it gives up.
pub(crate) const ATTEMPTS: u32 = 2;

pub(crate) struct SharedClock<'a>(&'a ManualClock);

impl Clock for SharedClock<'_> {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn sleep(&self, span: Span) {
        self.0.sleep(span).await;
    }
}

pub(crate) type Elected<'a> = ElectedStore<&'a SpinSqlite, SharedClock<'a>>;

/// Charges the key once, and says whether that was acknowledged.
pub(crate) async fn charge(store: &Elected<'_>, id: u8) -> bool {
    for _ in 0..ATTEMPTS {
        let seen = store.load(KEY).await.unwrap();
        let mut record = seen.record.unwrap_or_else(|| IDLE.to_vec());
        record.push(id);
        if store.swap(KEY, seen.token, &record, Span::NEVER).await == Ok(Swap::Done) {
            return true;
        }
    }
    false
}

/// Looks at the key once, as a sweeper does.
pub(crate) async fn visit(store: &Elected<'_>) -> bool {
    let seen = store.load(KEY).await.unwrap();
    if seen.record.is_none_or(|record| record == IDLE) {
        let _ = store.remove(KEY, seen.token).await.unwrap();
    }
    false
}

/// Who does something at the same time as others.
#[derive(Clone, Copy)]
pub(crate) enum Actor {
    /// Charges, as the client with this id.
    Client(u8),
    Sweeper,
    /// Lets as much time go by as a request may live, once.
    Time,
}

/// A store, its clock, and the charges that were acknowledged.
pub(crate) struct World<'a> {
    pub(crate) spin: &'a SpinSqlite,
    pub(crate) clock: &'a ManualClock,
    pub(crate) store: Elected<'a>,
    pub(crate) acknowledged: Vec<u8>,
}

impl<'a> World<'a> {
    /// A world with these values, in which it is known already that creating is not exact.
    pub(crate) fn new(
        spin: &'a SpinSqlite,
        clock: &'a ManualClock,
        values: &[(&str, &[u8])],
    ) -> Self {
        clock.set(START);
        let store = ElectedStore::new(spin, SharedClock(clock));
        spin.alone.set(true);
        assert_eq!(block_on(store.swap("r/p/other", None, IDLE, Span::NEVER)), Ok(Swap::Done));
        spin.alone.set(false);
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), value.to_vec()));
        spin.values.replace(values.collect());
        Self { spin, clock, store, acknowledged: Vec::new() }
    }

    pub(crate) fn later(&self, span: Span) {
        self.clock.set(self.clock.now().plus(span));
    }

    /// Lets the actors act, in an order that is chosen. Mortal ones may die at any time.
    pub(crate) fn run(&mut self, actors: &[Actor], mortal: bool, choices: &mut impl Choices) {
        let (store, clock) = (&self.store, self.clock);
        let mut acting: Vec<_> =
            actors.iter().map(|actor| (*actor, act(*actor, store, clock))).collect();
        let mut context = Context::from_waker(Waker::noop());
        while !acting.is_empty() {
            let turn = choices.choose(acting.len());
            let dies = mortal && choices.choose(24) == 0;
            match (acting[turn].1.as_mut().poll(&mut context), acting[turn].0) {
                (Poll::Pending, _) if !dies => {}
                (Poll::Ready(true), Actor::Client(id)) => {
                    self.acknowledged.push(id);
                    drop(acting.remove(turn));
                }
                _ => drop(acting.remove(turn)),
            }
        }
    }

    /// No charge that was acknowledged is missing.
    pub(crate) fn check(&self) {
        let value = self.spin.values.borrow().get(KEY).cloned();
        let is_lost = |id: &&u8| value.as_ref().is_none_or(|record| !record.contains(id));
        let lost: Vec<_> = self.acknowledged.iter().filter(is_lost).collect();
        assert!(lost.is_empty(), "{lost:?} were acknowledged, and lost in {value:?}");
    }

    /// Everything that was charged has come back.
    pub(crate) fn becomes_idle(&mut self) {
        self.acknowledged.clear();
        if let Some(value) = self.spin.values.borrow_mut().get_mut(KEY)
            && value.first() == IDLE.first()
        {
            *value = IDLE.to_vec();
        }
    }

    /// Who comes later gets through, at the latest when those who died are given up.
    pub(crate) fn gets_through(&mut self, id: u8) {
        self.spin.alone.set(true);
        let through = (0..3).any(|_| {
            self.later(ABANDONED_AFTER);
            block_on(charge(&self.store, id))
        });
        self.spin.alone.set(false);
        assert!(through, "{:?}", self.spin.values.borrow());
        self.acknowledged.push(id);
    }
}

pub(crate) fn act<'a>(
    actor: Actor,
    store: &'a Elected<'_>,
    clock: &'a ManualClock,
) -> Pin<Box<dyn Future<Output = bool> + 'a>> {
    match actor {
        Actor::Client(id) => Box::pin(charge(store, id)),
        Actor::Sweeper => Box::pin(visit(store)),
        Actor::Time => Box::pin(async {
            clock.set(clock.now().plus(Span::from_nanos(ABANDONED_AFTER.as_nanos() - 1)));
            false
        }),
    }
}
