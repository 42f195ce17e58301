//! What a barrier answers, case by case.

use tollgate_core::barrier::{
    Arrival, Barrier, CreateError, Created, Departure, PARTIES_MAX, Status, TTL_DEFAULT, TTL_MAX,
};
use tollgate_core::{SKEW_MAX, Span, Timestamp};

use crate::{MINUTE, NOW, after, before, begun, numbered};

const EXPIRY: Timestamp = NOW.plus(MINUTE);

fn open() -> Barrier {
    let mut barrier = begun(2);
    assert_eq!(barrier.arrive(numbered(1), 1, NOW), Arrival::Waiting { remaining: 1 });
    assert_eq!(barrier.arrive(numbered(2), 1, NOW), Arrival::Opened);
    barrier
}

fn half_left() -> Barrier {
    let mut barrier = open();
    assert_eq!(barrier.leave(numbered(1), 1, NOW), Departure::Left { present: 1 });
    barrier
}

/// The last of the parties opens the barrier, and everybody can see where it stands.
#[test]
fn all_arrive() {
    let mut barrier = begun(3);
    let status = |barrier: &Barrier| {
        let status = barrier.query(NOW).unwrap();
        (status.arrived, status.present, status.is_open)
    };
    assert_eq!(status(&barrier), (0, 0, false));
    assert_eq!(barrier.arrive(numbered(u128::MAX), 1, NOW), Arrival::Waiting { remaining: 2 });
    assert_eq!(status(&barrier), (1, 1, false));
    assert_eq!(barrier.arrive(numbered(0), 1, NOW), Arrival::Waiting { remaining: 1 });
    assert_eq!(status(&barrier), (2, 2, false));
    assert_eq!(barrier.arrive(numbered(7), 1, NOW), Arrival::Opened);
    assert_eq!(status(&barrier), (3, 3, true));
    let expected = Status {
        generation: 1,
        parties: 3,
        arrived: 3,
        present: 3,
        is_open: true,
        expires_after: MINUTE,
    };
    assert_eq!(barrier.query(NOW), Some(expected));
}

/// A barrier for one party opens at once.
#[test]
fn one_party() {
    assert_eq!(begun(1).arrive(numbered(1), 1, NOW), Arrival::Opened);
}

/// A party that tries again, since it doesn't know whether its arrival was stored, is told the same:
/// it counts once, and the one that opened the barrier stays the one.
#[test]
fn arriving_again() {
    let mut barrier = begun(2);
    for _ in 0..3 {
        assert_eq!(barrier.arrive(numbered(1), 1, NOW), Arrival::Waiting { remaining: 1 });
    }
    assert_eq!(barrier.arrive(numbered(2), 1, NOW), Arrival::Opened);
    let opened = barrier.clone();
    assert_eq!(barrier.arrive(numbered(2), 1, EXPIRY), Arrival::Opened, "even later");
    assert_eq!(barrier.arrive(numbered(1), 1, NOW), Arrival::AlreadyOpen);
    assert_eq!(barrier.arrive(numbered(3), 1, NOW), Arrival::AlreadyOpen, "a party too many");
    assert_eq!(barrier, opened);
}

/// Before the first creation there is nothing to arrive at, to leave or to see.
#[test]
fn no_barrier() {
    let mut barrier = Barrier::new();
    for generation in [0, 1, u64::MAX] {
        assert_eq!(barrier.arrive(numbered(1), generation, NOW), Arrival::NoBarrier);
        assert_eq!(barrier.leave(numbered(1), generation, NOW), Departure::NoBarrier);
    }
    assert_eq!(barrier.query(NOW), None);
    assert_eq!(barrier, Barrier::new());
}

/// Another generation than the present one is told so, and changes nothing.
#[test]
fn another_generation() {
    let mut barrier = open();
    assert_eq!(barrier.create(2, MINUTE, after(EXPIRY, 1)), Ok(Created::Begun { generation: 2 }));
    let second = barrier.clone();
    for generation in [0, 1, 3, u64::MAX] {
        let wrong = Arrival::WrongGeneration { generation: 2 };
        assert_eq!(barrier.arrive(numbered(2), generation, EXPIRY), wrong, "{generation}");
        let wrong = Departure::WrongGeneration { generation: 2 };
        assert_eq!(barrier.leave(numbered(2), generation, EXPIRY), wrong, "{generation}");
    }
    assert_eq!(barrier, second);
    assert_eq!(barrier.arrive(numbered(2), 2, EXPIRY), Arrival::Waiting { remaining: 1 });
}

/// A barrier is created once: while it is alive, creating it again is an error.
#[test]
fn creating_again() {
    type Make = fn() -> Barrier;
    let alive = Ok(Created::Alive { generation: 1 });
    let begun_2 = Ok(Created::Begun { generation: 2 });
    let empty: Make = || begun(2);
    let all_left: Make = || {
        let mut barrier = half_left();
        assert_eq!(barrier.leave(numbered(2), 1, NOW), Departure::Left { present: 0 });
        barrier
    };
    let last = before(EXPIRY, 1);
    let rows = [
        ("at once", empty, NOW, alive),
        ("one ns before it expires", empty, last, alive),
        ("when it expires", empty, EXPIRY, begun_2),
        ("at the end of time", empty, Timestamp::MAX, begun_2),
        ("open, and nobody left", open, last, alive),
        ("open and expired", open, EXPIRY, begun_2),
        ("open, and one of two left", half_left, last, alive),
        ("open, and all left", all_left, NOW, begun_2),
    ];
    for (why, make, now, expected) in rows {
        let mut barrier = make();
        assert_eq!(barrier.create(9, MINUTE, now), expected, "{why}");
        if expected == alive {
            assert_eq!(barrier, make(), "{why}: nothing is changed");
        } else {
            let status = barrier.query(now).unwrap();
            assert_eq!((status.generation, status.parties, status.arrived), (2, 9, 0), "{why}");
            assert!(!status.is_open, "{why}");
        }
    }
}

/// A barrier opens until one nanosecond before it expires, and not at that one.
#[test]
fn expiry() {
    let mut barrier = begun(2);
    assert_eq!(barrier.arrive(numbered(1), 1, NOW), Arrival::Waiting { remaining: 1 });
    let waiting = barrier.clone();
    for late in [EXPIRY, after(EXPIRY, 1), Timestamp::MAX] {
        assert_eq!(barrier.arrive(numbered(2), 1, late), Arrival::Expired);
        assert_eq!(
            barrier.arrive(numbered(1), 1, late),
            Arrival::Expired,
            "also for one who had arrived"
        );
        assert_eq!(barrier.leave(numbered(1), 1, late), Departure::Expired);
        let status = barrier.query(late).unwrap();
        assert_eq!((status.is_open, status.expires_after), (false, Span::ZERO));
    }
    assert_eq!(barrier, waiting);
    let last = before(EXPIRY, 1);
    assert_eq!(barrier.query(last).unwrap().expires_after, Span::from_nanos(1));
    assert_eq!(barrier.arrive(numbered(2), 1, last), Arrival::Opened);
}

/// When it opens, its time to live starts anew: who asks more often than that sees it open. That it
/// opened stays true until the next generation begins.
#[test]
fn opening_gives_time_to_see_it() {
    let mut barrier = begun(2);
    let last = before(EXPIRY, 1);
    assert_eq!(barrier.arrive(numbered(1), 1, NOW), Arrival::Waiting { remaining: 1 });
    assert_eq!(barrier.arrive(numbered(2), 1, last), Arrival::Opened);
    let end = last.plus(MINUTE);
    let early = before(end, 1);
    assert_eq!(barrier.clone().create(2, MINUTE, early), Ok(Created::Alive { generation: 1 }));
    assert_eq!(barrier.clone().create(2, MINUTE, end), Ok(Created::Begun { generation: 2 }));
    assert_eq!(barrier.arrive(numbered(1), 1, end), Arrival::AlreadyOpen);
    let status = barrier.query(end).unwrap();
    assert_eq!((status.is_open, status.expires_after), (true, Span::ZERO));
}

/// Who gives up waiting is not counted any more; leaving twice is leaving once.
#[test]
fn leaving() {
    let mut barrier = begun(2);
    assert_eq!(barrier.arrive(numbered(1), 1, NOW), Arrival::Waiting { remaining: 1 });
    for _ in 0..2 {
        assert_eq!(barrier.leave(numbered(1), 1, NOW), Departure::GaveUp { remaining: 2 });
    }
    assert_eq!(barrier.arrive(numbered(2), 1, NOW), Arrival::Waiting { remaining: 1 });
    assert_eq!(
        barrier.leave(numbered(3), 1, NOW),
        Departure::GaveUp { remaining: 1 },
        "it never arrived"
    );
    assert_eq!(barrier.arrive(numbered(1), 1, NOW), Arrival::Opened, "it may come back");
    // Now that it is open, nobody can be missed.
    for _ in 0..2 {
        assert_eq!(barrier.leave(numbered(1), 1, NOW), Departure::Left { present: 1 });
    }
    assert_eq!(
        barrier.leave(numbered(3), 1, NOW),
        Departure::Left { present: 1 },
        "it never arrived"
    );
    assert_eq!(
        barrier.leave(numbered(2), 1, EXPIRY),
        Departure::Left { present: 0 },
        "even when it is late"
    );
    let status = barrier.query(NOW).unwrap();
    assert_eq!((status.arrived, status.present, status.is_open), (2, 0, true));
    assert_eq!(status.expires_after, Span::ZERO, "the next one may begin");
    assert_eq!(
        barrier.arrive(numbered(1), 1, NOW),
        Arrival::Opened,
        "the one that opened it stays the one"
    );
    assert_eq!(barrier.arrive(numbered(2), 1, NOW), Arrival::AlreadyOpen);
}

/// A barrier that a clock more than the skew ahead created counts as expired.
#[test]
fn barriers_ahead_of_the_clock() {
    let skew = SKEW_MAX.as_nanos();
    let (behind, broken) = (before(NOW, skew), before(NOW, skew + 1));
    let mut barrier = begun(2);
    assert_eq!(barrier.query(behind).unwrap().expires_after, Span::from_secs(120));
    assert_eq!(barrier.arrive(numbered(1), 1, behind), Arrival::Waiting { remaining: 1 });
    assert_eq!(barrier.clone().create(2, MINUTE, behind), Ok(Created::Alive { generation: 1 }));
    for now in [broken, Timestamp::EPOCH] {
        assert_eq!(barrier.query(now).unwrap().expires_after, Span::ZERO);
        assert_eq!(barrier.arrive(numbered(2), 1, now), Arrival::Expired);
        assert_eq!(barrier.clone().create(2, MINUTE, now), Ok(Created::Begun { generation: 2 }));
    }
    assert_eq!(barrier.arrive(numbered(2), 1, NOW), Arrival::Opened);
}

/// At the end of time a barrier expires at once, and the next begins.
#[test]
fn the_end_of_time() {
    let mut barrier = Barrier::new();
    for generation in 1..=3 {
        let created = barrier.create(1, TTL_MAX, Timestamp::MAX);
        assert_eq!(created, Ok(Created::Begun { generation }));
        assert_eq!(barrier.arrive(numbered(1), generation, Timestamp::MAX), Arrival::Expired);
    }
}

/// 1 to 4000 parties, 1 ns to 366 days; what is outside is named, and changes nothing.
#[test]
fn bounds() {
    assert_eq!((PARTIES_MAX, TTL_DEFAULT), (4_000, Span::from_secs(900)));
    let year = Span::from_secs(366 * 86_400);
    assert_eq!(TTL_MAX, year);
    let create = |parties, ttl| Barrier::new().create(parties, ttl, NOW);
    let first = Ok(Created::Begun { generation: 1 });
    assert_eq!(create(1, Span::from_nanos(1)), first);
    assert_eq!(create(4_000, year), first);
    let refused = |parties, ttl| {
        let mut barrier = begun(2);
        let error = barrier.create(parties, ttl, EXPIRY).unwrap_err();
        assert_eq!(barrier, begun(2));
        error.to_string()
    };
    for parties in [0, 4_001, u16::MAX] {
        let message = format!("parties: must be 1 to 4000, not {parties}");
        assert_eq!(refused(parties, MINUTE), message);
    }
    assert_eq!(refused(2, Span::ZERO), "ttl: must be longer than nothing");
    for ttl in [Span::from_nanos(year.as_nanos() + 1), Span::NEVER] {
        assert_eq!(refused(2, ttl), "ttl: must be at most 366 days");
    }
}

/// After generation 2^64 - 1 there is none.
#[test]
fn the_last_generation() {
    let mut bytes = begun(1).encode();
    bytes[2..10].fill(0xff);
    let mut barrier = Barrier::decode(&bytes).unwrap();
    assert_eq!(barrier.create(1, MINUTE, NOW), Ok(Created::Alive { generation: u64::MAX }));
    assert_eq!(barrier.create(1, MINUTE, EXPIRY), Err(CreateError::LastGeneration));
    let message = "generation: the barrier has had all 2^64 - 1";
    assert_eq!(CreateError::LastGeneration.to_string(), message);
    assert_eq!(barrier.encode(), bytes);
}

/// A barrier for the most parties opens with the last of them, whatever the order of their ids.
#[test]
fn the_most_parties() {
    let mut barrier = begun(PARTIES_MAX);
    for party in 1..u128::from(PARTIES_MAX) {
        let remaining = PARTIES_MAX - u16::try_from(party).unwrap();
        let id = party.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        assert_eq!(barrier.arrive(numbered(id), 1, NOW), Arrival::Waiting { remaining });
    }
    assert_eq!(barrier.arrive(numbered(0), 1, NOW), Arrival::Opened);
}
