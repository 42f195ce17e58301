//! Choosing one of several: whom to ask first, and whom next.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use tollgate_core::{
    Choice, MEMBER_PAIRS_MAX, MEMBER_TEXT_BYTES_MAX, Member, MemberError, POOL_MEMBERS_MAX, Pool,
};

fn pool(members: usize) -> Pool {
    Pool::new((0..members).map(|_| Member::default())).unwrap()
}

fn order(members: usize, choice: Choice<'_>) -> Vec<usize> {
    pool(members).order(choice).collect()
}

/// Whatever the choice and however many members there are, each is asked once: failing over reaches
/// every one of them, and comes to an end.
#[test]
fn every_member_is_asked_once() {
    for members in 1..=POOL_MEMBERS_MAX {
        let everybody: Vec<usize> = (0..members).collect();
        for number in (0..2_000).chain([u64::MAX - 1, u64::MAX]) {
            let rooms = [number, 3, u64::MAX, 0, number % 7];
            for choice in [
                Choice::RoundRobin { turn: number, offset: u64::MAX - number },
                Choice::Random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
                Choice::MostRoom(&rooms),
            ] {
                let mut asked = order(members, choice);
                asked.sort_unstable();
                assert_eq!(asked, everybody, "{choice:?}");
            }
        }
    }
}

/// Round robin goes on with the next member every time, from where the worker starts.
#[test]
fn round_robin_goes_round() {
    let first = |turn, offset| order(3, Choice::RoundRobin { turn, offset });
    assert_eq!(first(0, 0), [0, 1, 2]);
    assert_eq!(first(1, 0), [1, 2, 0]);
    assert_eq!(first(2, 0), [2, 0, 1]);
    assert_eq!(first(3, 0), [0, 1, 2]);
    assert_eq!(first(0, 1), [1, 2, 0]);
    assert_eq!(first(2, 2), [1, 2, 0]);
    assert_eq!(first(u64::MAX, 1), [1, 2, 0], "u64::MAX is a multiple of 3");
}

/// The 24 orders of four members come up equally often over any 24 numbers in a row.
#[test]
fn every_order_is_equally_likely() {
    let mut counts = BTreeMap::<Vec<usize>, usize>::new();
    for number in 1_000_000..1_000_000 + 24 * 5 {
        *counts.entry(order(4, Choice::Random(number))).or_default() += 1;
    }
    assert_eq!(counts.len(), 24);
    assert!(counts.values().all(|count| *count == 5), "{counts:?}");
}

/// Most room first; of equals the one in front; a member without a number has no room.
#[test]
fn most_room_comes_first() {
    assert_eq!(order(4, Choice::MostRoom(&[3, 9, 3, 10])), [3, 1, 0, 2]);
    assert_eq!(order(4, Choice::MostRoom(&[0, 0, 1])), [2, 0, 1, 3]);
    assert_eq!(order(2, Choice::MostRoom(&[0, 1, 100])), [1, 0], "there is no third member");
}

/// A pool has 1 to 16 members.
#[test]
fn members() {
    assert_eq!(POOL_MEMBERS_MAX, 16);
    assert_eq!(pool(POOL_MEMBERS_MAX).members().len(), 16);
    for members in [0, POOL_MEMBERS_MAX + 1, usize::MAX] {
        let error = Pool::new((0..members).map(|_| Member::default())).unwrap_err();
        assert_eq!(error.to_string(), "members: must be 1 to 16");
    }
}

/// A member's pairs come back as they were given, and are bounded in every way.
#[test]
fn pairs_come_back() {
    let member = Member::new([("region", "eu"), ("note", "")]).unwrap();
    let pool = Pool::new([member.clone()]).unwrap();
    assert_eq!(pool.member(0), Some(&member));
    assert_eq!(pool.member(1), None);
    assert_eq!(member.pairs().collect::<Vec<_>>(), [("region", "eu"), ("note", "")]);
    assert_eq!((member.get("region"), member.get("zone")), (Some("eu"), None));

    let names: Vec<String> = (0..=MEMBER_PAIRS_MAX).map(|pair| format!("n{pair}")).collect();
    let pairs = |count| names.iter().map(|name| (&**name, "")).take(count);
    assert_eq!(Member::new(pairs(MEMBER_PAIRS_MAX)).unwrap().pairs().len(), 8);
    let text = |bytes| "t".repeat(bytes);
    assert!(Member::new([("n", &*text(MEMBER_TEXT_BYTES_MAX))]).is_ok());
    let errors = [
        (Member::new(pairs(MEMBER_PAIRS_MAX + 1)), MemberError::TooMany),
        (Member::new([("n", "1"), ("n", "2")]), MemberError::Repeated { pair: 1 }),
        (Member::new([("a b", "")]), MemberError::Name { pair: 0 }),
        (Member::new([("n", &*text(257))]), MemberError::TooLong { pair: 0 }),
    ];
    for (result, error) in errors {
        assert_eq!(result, Err(error));
    }
    let messages = [
        (MemberError::TooMany, "pairs: must be at most 8"),
        (MemberError::Repeated { pair: 1 }, "pairs[1]: the name comes twice"),
        (MemberError::Name { pair: 0 }, "pairs[0]: the name is no name"),
        (MemberError::TooLong { pair: 0 }, "pairs[0]: the text must be at most 256 bytes"),
    ];
    for (error, message) in messages {
        assert_eq!(error.to_string(), message);
    }
}
