//! What holds of a barrier whatever happens to it, and when.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tollgate_core::barrier::{Arrival, Barrier, Created, Departure, TTL_MAX};
use tollgate_core::{SKEW_MAX, Span, Timestamp};

use crate::log::Log;
use crate::support::{config, magnitude, time};
use crate::{MINUTE, NOW, after, before, numbered};

/// What a schedule does next. Generations are told relative to the present one.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Create {
        parties: u16,
        ttl_ns: u64,
    },
    Arrive {
        party: u128,
        generations_back: u64,
    },
    Leave {
        party: u128,
        generations_back: u64,
    },
    Wait(u64),
    /// Until the present generation expires, or a nanosecond before.
    WaitForExpiry {
        early: bool,
    },
    /// A clock that is behind by so much acts.
    GoBack(u64),
}

/// Few parties, so that barriers open, and mostly the present generation.
pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = || (0..6_u128, prop_oneof![8 => Just(0), 1 => Just(1), 1 => Just(u64::MAX)]);
    let step = prop_oneof![
        3 => (1..5_u16, magnitude(1, TTL_MAX.as_nanos())).prop_map(|(parties, ttl_ns)| Step::Create { parties, ttl_ns }),
        8 => who().prop_map(|(party, generations_back)| Step::Arrive { party, generations_back }),
        4 => who().prop_map(|(party, generations_back)| Step::Leave { party, generations_back }),
        1 => magnitude(1, 1 << 50).prop_map(Step::Wait),
        1 => any::<bool>().prop_map(|early| Step::WaitForExpiry { early }),
        1 => magnitude(1, 4 * SKEW_MAX.as_nanos()).prop_map(Step::GoBack),
    ];
    proptest::collection::vec(step, 1..60)
}

/// The barrier and the log, side by side.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) barrier: Barrier,
    log: Log,
    now: Timestamp,
}

impl Pair {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { barrier: Barrier::new(), log: Log::default(), now }
    }

    /// Does the step on both: the answers are the same.
    pub(crate) fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        let Self { barrier, log, now } = self;
        let named = |back| log.generation.wrapping_sub(back);
        match step {
            Step::Create { parties, ttl_ns } => {
                let created = barrier.create(parties, Span::from_nanos(ttl_ns), *now);
                prop_assert_eq!(created, Ok(log.create(parties, ttl_ns, *now)));
            }
            Step::Arrive { party, generations_back } => {
                let generation = named(generations_back);
                let arrival = barrier.arrive(numbered(party), generation, *now);
                prop_assert_eq!(arrival, log.arrive(numbered(party), generation, *now));
            }
            Step::Leave { party, generations_back } => {
                let generation = named(generations_back);
                let departure = barrier.leave(numbered(party), generation, *now);
                prop_assert_eq!(departure, log.leave(numbered(party), generation, *now));
            }
            Step::Wait(nanos) => *now = after(*now, nanos),
            Step::WaitForExpiry { early } => {
                let left = barrier.query(*now).map_or(Span::ZERO, |status| status.expires_after);
                let wait = left.as_nanos().saturating_sub(u64::from(early));
                *now = after(*now, wait);
            }
            Step::GoBack(nanos) => {
                *now = Timestamp::from_nanos(now.as_nanos().saturating_sub(nanos));
            }
        }
        Ok(())
    }

    /// What is told of the barrier is what the log says.
    fn agree(&self) -> Result<(), TestCaseError> {
        let Self { barrier, log, now } = self;
        let Some(status) = barrier.query(*now) else {
            prop_assert_eq!(log.generation, 0);
            return Ok(());
        };
        let (present, is_open) = (log.present().len(), log.opened().is_some());
        prop_assert_eq!((status.generation, status.is_open), (log.generation, is_open));
        prop_assert_eq!(usize::from(status.present), present);
        prop_assert_eq!(
            usize::from(status.arrived),
            if is_open { status.parties.into() } else { present }
        );
        let is_alive = log.is_in_time(*now) && !(is_open && present == 0);
        prop_assert_eq!(status.expires_after > Span::ZERO, is_alive);
        // The time left is exactly what there is to wait.
        if is_alive {
            let end = now.plus(status.expires_after);
            let create = |now| barrier.clone().create(1, MINUTE, now).unwrap();
            prop_assert_eq!(create(before(end, 1)), Created::Alive { generation: log.generation });
            prop_assert_eq!(create(end), Created::Begun { generation: log.generation + 1 });
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(config())]

    /// At every step of every schedule, on clocks that go forward and back, the answers are those of a
    /// log, and the bytes carry all of it.
    #[test]
    fn answers_are_those_of_a_log(start in time(), steps in steps()) {
        let mut pair = Pair::new(start);
        for step in steps {
            pair.take(step)?;
            pair.agree()?;
            prop_assert_eq!(&Barrier::decode(&pair.barrier.encode()).unwrap(), &pair.barrier);
        }
    }

    /// Arriving or leaving again gets the same answer and changes nothing, whatever happened before.
    #[test]
    fn doing_it_again_is_doing_it_once(start in time(), steps in steps()) {
        let mut pair = Pair::new(start);
        for step in steps {
            pair.take(step)?;
            let (mut again, now) = (pair.barrier.clone(), pair.now);
            let generation = pair.log.generation;
            if let Step::Arrive { party, .. } = step {
                let first = again.arrive(numbered(party), generation, now);
                let once = again.clone();
                prop_assert_eq!(again.arrive(numbered(party), generation, now), first);
                prop_assert_eq!(&again, &once);
            }
            if let Step::Leave { party, .. } = step {
                let first = again.leave(numbered(party), generation, now);
                let once = again.clone();
                prop_assert_eq!(again.leave(numbered(party), generation, now), first);
                prop_assert_eq!(&again, &once);
            }
        }
    }

    /// Of any number of parties that arrive in any order, each as often as it likes, exactly one is
    /// told that it opened the barrier: the one with whom there are enough.
    #[test]
    fn exactly_one_party_opens(
        parties in 1..20_u16,
        arrivals in proptest::collection::vec(0..25_u128, 0..80),
    ) {
        let mut barrier = Barrier::new();
        prop_assert_eq!(barrier.create(parties, MINUTE, NOW), Ok(Created::Begun { generation: 1 }));
        let (mut distinct, mut opener) = (BTreeSet::new(), None);
        for party in arrivals {
            distinct.insert(party);
            if distinct.len() == usize::from(parties) {
                opener = opener.or(Some(party));
            }
            let told = barrier.arrive(numbered(party), 1, NOW);
            prop_assert_eq!(told == Arrival::Opened, opener == Some(party));
            prop_assert_eq!(told == Arrival::AlreadyOpen, opener.is_some_and(|last| last != party));
        }
        prop_assert_eq!(barrier.query(NOW).unwrap().is_open, opener.is_some());
    }

    /// The bytes of a closed barrier don't depend on the order of arrival, nor on who came and left.
    #[test]
    fn order_leaves_no_trace(
        (ids, shuffled) in proptest::collection::btree_set(any::<u128>(), 0..20).prop_flat_map(|ids| {
            let ids: Vec<u128> = ids.into_iter().collect();
            (Just(ids.clone()), Just(ids).prop_shuffle())
        }),
        passer in any::<u128>(),
    ) {
        prop_assume!(!ids.contains(&passer));
        let arrived = |ids: &[u128]| {
            let mut barrier = Barrier::new();
            assert_eq!(barrier.create(30, MINUTE, NOW), Ok(Created::Begun { generation: 1 }));
            for id in ids {
                assert!(matches!(barrier.arrive(numbered(*id), 1, NOW), Arrival::Waiting { .. }));
            }
            barrier
        };
        let mut visited = arrived(&[&[passer], shuffled.as_slice()].concat());
        let remaining = 30 - u16::try_from(ids.len()).unwrap();
        prop_assert_eq!(visited.leave(numbered(passer), 1, NOW), Departure::GaveUp { remaining });
        prop_assert_eq!(visited.encode(), arrived(&ids).encode());
    }
}
