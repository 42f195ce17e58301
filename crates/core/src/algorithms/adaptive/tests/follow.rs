//! Reductions that others announce.

use super::*;

/// A state after some acts, and its time.
fn after(rule: Adaptive, acts: &[(u64, Act)]) -> (AdaptiveState, u64) {
    let (mut state, mut model) = (AdaptiveState::default(), Model::new(rule, 1_000));
    for (wait, act) in acts {
        model.bring_up(model.at + wait);
        act.apply(&rule, &mut state, &mut model);
    }
    (state, model.at)
}

proptest! {
    #![proptest_config(config())]

    /// Following only ever lowers, does nothing unless it does, and nothing the second time.
    #[test]
    fn following_only_lowers(
        rule in rule(), acts in vec(act(), 0..8), to in 1..=30_u64, since in 0..=2_000_u64,
    ) {
        let (before, now) = after(rule, &acts);
        let (mut state, now) = (before.clone(), at(now));
        let followed = rule.follow(&mut state, now, Reduction { to, since: at(since) });
        prop_assert!(rule.capacity_at(&state, now).capacity <= rule.capacity_at(&before, now).capacity);
        prop_assert!(rule.remaining(&state, now) <= rule.remaining(&before, now));
        if followed {
            prop_assert_eq!(state.reduction, Some(Reduction { to, since: at(since) }));
        } else {
            prop_assert_eq!(&state, &before);
        }
        let again = rule.follow(&mut state, now, Reduction { to, since: at(since) });
        prop_assert!(!again, "it is known");
    }

    /// Whoever follow each other have the same capacity, then and for ever. Where a recovery goes beyond
    /// what there was at first, one who never was reduced follows nobody up there.
    #[test]
    fn who_follow_each_other_agree(
        rule in rule(), first in (0..1_000_u64, 0..=60_u64), second in (0..1_000_u64, 0..=60_u64),
        laters in vec(0..=600_u64, 8),
    ) {
        let recovery = Recovery { ceiling_permille: 1_000, ..rule.recovery };
        let rule = Adaptive { recovery, ..rule };
        let mut states = [first, second].map(|(factor, wait)| after(rule, &[(wait, Act::Reduce(factor))]).0);
        let now = 1_060;
        let [one, two] = states.each_ref().map(|state| state.reduction);
        for (state, other) in states.iter_mut().zip([two, one]) {
            if let Some(reduction) = other {
                rule.follow(state, at(now), reduction);
            }
        }
        for later in laters {
            let [one, two] = states.each_ref().map(|it| rule.capacity_at(it, at(now + later)).capacity);
            prop_assert_eq!(one, two, "{} later", later);
        }
    }
}

/// What was announced by a clock that is more than a minute ahead is not believed.
#[test]
fn the_future_is_not_followed() {
    let rule = Adaptive::new(100, Span::from_secs(60), Recovery::default());
    let (mut state, now) = (AdaptiveState::default(), Timestamp::from_secs(1_800_000_000));
    let ahead = now.plus(SKEW_MAX);
    let too_far = Reduction { to: 50, since: ahead.plus(Span::from_nanos(1)) };
    assert!(!rule.follow(&mut state, now, too_far));
    assert_eq!(state, AdaptiveState::default());
    assert!(rule.follow(&mut state, now, Reduction { to: 50, since: ahead }));
    assert_eq!(rule.capacity_at(&state, now).capacity, 50);
    assert!(!rule.heal(&mut state, now), "it is believed from then on");
}
