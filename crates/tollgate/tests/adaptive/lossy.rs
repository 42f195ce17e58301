//! A swarm on a wire that loses, repeats and reorders what is announced.

use proptest::prelude::*;
use tollgate::Span;

use super::{Member, START, capacity, clock, member, permille, wire::Wire};

const MEMBERS: usize = 4;

#[derive(Debug, Clone, Copy)]
enum Step {
    /// A member reduces the capacity to so many thousandths.
    Reduce(usize, u16),
    /// A member repeats what is in force.
    Repeat(usize),
    /// A member hears one of the messages there ever were. What nobody hears is lost.
    Hear(usize, prop::sample::Index),
    /// Seconds go by.
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..MEMBERS;
    prop_oneof![
        2 => (who(), prop_oneof![Just(500), 0..1_000_u16]).prop_map(|(who, to)| Step::Reduce(who, to)),
        1 => who().prop_map(Step::Repeat),
        4 => (who(), any::<prop::sample::Index>()).prop_map(|(who, which)| Step::Hear(who, which)),
        3 => prop_oneof![0..40_u64, 0..400_u64].prop_map(Step::Wait),
    ]
}

/// Everybody repeats what is in force, and everybody hears it.
fn all_are_heard(swarm: &[Member], wire: &Wire) {
    let before = wire.messages().len();
    swarm.iter().for_each(Member::repeat);
    for message in &wire.messages()[before..] {
        for member in swarm {
            member.hear(message).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is lost, repeated or late, hearing never raises a capacity; and once everybody is heard
    /// again, all have the same one, then and for as long as it recovers.
    #[test]
    fn a_swarm_converges(steps in proptest::collection::vec(step(), 1..60)) {
        let (wire, clock) = (Wire::default(), clock());
        let swarm: Vec<_> = (0..MEMBERS).map(|who| member(&who.to_string(), &wire, &clock)).collect();
        let mut now = START;
        for step in steps {
            match step {
                Step::Reduce(who, to) => {
                    let before = capacity(&swarm[who]);
                    swarm[who].reduce("chat", permille(to), "429").unwrap();
                    let after = capacity(&swarm[who]);
                    prop_assert!(after < before || after == 1);
                }
                Step::Repeat(who) => swarm[who].repeat(),
                Step::Hear(who, which) => {
                    let messages = wire.messages();
                    if messages.is_empty() {
                        continue;
                    }
                    let before = capacity(&swarm[who]);
                    let followed = swarm[who].hear(&messages[which.index(messages.len())]).unwrap();
                    prop_assert!(capacity(&swarm[who]) <= before);
                    let again = swarm[who].hear(&messages[which.index(messages.len())]).unwrap();
                    prop_assert!(!(followed && again), "what is known changes nothing");
                }
                Step::Wait(secs) => {
                    now = now.plus(Span::from_secs(secs));
                    clock.set(now);
                }
            }
        }
        // Who heard of the same from somebody else keeps quiet once.
        all_are_heard(&swarm, &wire);
        all_are_heard(&swarm, &wire);
        for later in [0, 1, 17, 29, 30, 31, 60, 100, 500, 1_500, 10_000] {
            clock.set(now.plus(Span::from_secs(later)));
            let capacities: Vec<_> = swarm.iter().map(capacity).collect();
            prop_assert!(capacities.iter().all(|it| *it == capacities[0]), "{later} s: {capacities:?}");
        }
        prop_assert_eq!(capacity(&swarm[0]), 100, "it has recovered");
    }
}
