//! The bytes of a barrier: golden ones, what is refused, and anything at all.

use proptest::prelude::*;
use tollgate_core::barrier::{Arrival, Barrier, Created, PARTIES_MAX, RECORD_BYTES_MAX};
use tollgate_core::{CorruptBytes, Span, Timestamp};

use crate::bytes_support::{damage, number};
use crate::format;
use crate::laws::{Pair, steps};
use crate::support::{config, time};
use crate::{MINUTE, NOW, begun, numbered};

/// Barriers of version 1 as they lie in stores today: the second generation, one of two parties
/// waiting, and the same when the other one opened it. They never change: a build that reads or writes
/// them differently loses who has arrived.
const WAITING: &str = "4201 0200000000000000 0200 00e40b5402000000 00e4bfe778e2fa18 \
    00 00000000000000000000000000000000 \
    00ffeeddccbbaa998877665544332211";
const OPEN: &str = "4201 0200000000000000 0200 00e40b5402000000 00e4bfe778e2fa18 \
    01 01000000000000000000000000000000 \
    01000000000000000000000000000000 00ffeeddccbbaa998877665544332211";

/// Bytes from hex digits with spaces between them.
fn unhex(text: &str) -> Vec<u8> {
    format::unhex(&text.replace(' ', ""))
}

/// This build writes and reads the golden bytes.
#[test]
fn golden_bytes() {
    let mut barrier = Barrier::new();
    assert_eq!(barrier.encode(), [&[0x42, 1][..], &[0; 43]].concat());
    let second = Span::from_secs(1);
    assert_eq!(barrier.create(9, second, Timestamp::EPOCH), Ok(Created::Begun { generation: 1 }));
    let created = barrier.create(2, Span::from_secs(10), NOW);
    assert_eq!(created, Ok(Created::Begun { generation: 2 }));
    let party = 0x1122_3344_5566_7788_99aa_bbcc_ddee_ff00;
    assert_eq!(barrier.arrive(numbered(party), 2, NOW), Arrival::Waiting { remaining: 1 });
    assert_eq!(barrier.encode(), unhex(WAITING));
    assert_eq!(Barrier::decode(&unhex(WAITING)).as_ref(), Ok(&barrier));
    assert_eq!(barrier.arrive(numbered(1), 2, NOW), Arrival::Opened);
    assert_eq!(barrier.encode(), unhex(OPEN));
    assert_eq!(Barrier::decode(&unhex(OPEN)), Ok(barrier));
}

/// The longest record is as long as it says, less than 64 KiB, and is read.
#[test]
fn the_longest_record() {
    assert_eq!(RECORD_BYTES_MAX, 64_045);
    const { assert!(RECORD_BYTES_MAX <= 65_536) };
    let mut barrier = begun(PARTIES_MAX);
    for party in 1..u128::from(PARTIES_MAX) {
        assert!(matches!(barrier.arrive(numbered(party), 1, NOW), Arrival::Waiting { .. }));
    }
    assert_eq!(barrier.arrive(numbered(0), 1, NOW), Arrival::Opened);
    let bytes = barrier.encode();
    assert_eq!(bytes.len(), RECORD_BYTES_MAX);
    assert_eq!(Barrier::decode(&bytes), Ok(barrier));
}

/// Every field that is out of its range is refused by name.
#[test]
fn corrupt_bytes() {
    type Damage = fn(&mut Vec<u8>);
    let rows: [(&str, Damage, CorruptBytes); 19] = [
        ("nothing", |b| b.clear(), CorruptBytes::Empty),
        ("a limits' record", |b| b[0] = 1, CorruptBytes::Kind { wanted: 0x42, found: 1 }),
        ("cooldowns", |b| b[0] = 0x43, CorruptBytes::Kind { wanted: 0x42, found: 0x43 }),
        ("only a kind", |b| b.truncate(1), CorruptBytes::Length(1)),
        ("version 0", |b| b[1] = 0, CorruptBytes::Version(0)),
        ("version 2", |b| b[1] = 2, CorruptBytes::Version(2)),
        ("only a head, and not all of it", |b| b.truncate(44), CorruptBytes::Length(44)),
        ("a byte is missing", |b| b.truncate(76), CorruptBytes::Length(76)),
        ("a byte too many", |b| b.push(0), CorruptBytes::Length(78)),
        ("too long", |b| b.resize(64_061, 0), CorruptBytes::Length(64_061)),
        ("never created, yet attended", |b| b[2] = 0, CorruptBytes::Field("generation")),
        ("no parties", |b| b[10] = 0, CorruptBytes::Field("parties")),
        ("4098 parties", |b| b[11] = 0x10, CorruptBytes::Field("parties")),
        ("no time to live", |b| b[12..20].fill(0), CorruptBytes::Field("ttl")),
        ("a time to live of 146 years", |b| b[19] = 0x40, CorruptBytes::Field("ttl")),
        ("a time beyond the last", |b| b[27] = 0x80, CorruptBytes::Field("expires_at")),
        ("neither open nor closed", |b| b[28] = 2, CorruptBytes::Field("opened_by")),
        ("closed, yet somebody opened it", |b| b[28] = 0, CorruptBytes::Field("opened_by")),
        ("an id twice", |b| b.copy_within(45..61, 61), CorruptBytes::Field("present")),
    ];
    for (why, damage, error) in rows {
        let mut bytes = unhex(OPEN);
        damage(&mut bytes);
        assert_eq!(Barrier::decode(&bytes), Err(error), "{why}");
    }
    let mut closed = unhex(OPEN);
    closed[28..45].fill(0);
    let error = CorruptBytes::Field("present");
    assert_eq!(Barrier::decode(&closed), Err(error), "all are there, yet it is closed");
    let mut crowded = unhex(OPEN);
    crowded.extend([0xff; 16]);
    assert_eq!(Barrier::decode(&crowded), Err(error), "more than the parties are there");
}

/// The format again, in other words: whether these bytes are a barrier.
fn is_barrier(bytes: &[u8]) -> bool {
    let [0x42, 1, rest @ ..] = bytes else { return false };
    let Some((head, present)) = rest.split_at_checked(43) else { return false };
    if number(&head[..8]) == 0 {
        return rest.iter().all(|byte| *byte == 0) && present.is_empty();
    }
    let parties = number(&head[8..10]);
    let (ids, half_an_id) = present.as_chunks::<16>();
    let open = u128::from(head[26]);
    let opener = number(&head[27..]);
    half_an_id.is_empty()
        && (1..=4_000).contains(&parties)
        && (1..=366 * 86_400_000_000_000).contains(&number(&head[10..18]))
        && number(&head[18..26]) < 1 << 63
        && (open == 1 || (open == 0 && opener == 0))
        && (ids.len() as u128) < parties + open
        && ids.is_sorted_by(|a, b| number(a) < number(b))
}

/// Reads `bytes`; what is read is written as the same bytes, and can be used.
fn reads_or_refuses(bytes: &[u8], now: Timestamp) -> Result<(), TestCaseError> {
    let read = Barrier::decode(bytes);
    prop_assert_eq!(read.is_ok(), is_barrier(bytes), "{:?}", read);
    let Ok(mut barrier) = read else { return Ok(()) };
    prop_assert_eq!(barrier.encode(), bytes);
    for now in [now, Timestamp::EPOCH, Timestamp::MAX] {
        let status = barrier.query(now);
        prop_assert!(status.is_none_or(|status| status.present <= status.parties));
        let generation = status.map_or(0, |status| status.generation);
        let _ = barrier.arrive(numbered(7), generation, now);
        let _ = barrier.leave(numbered(7), generation, now);
        let _ = barrier.create(2, MINUTE, now);
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    /// Any bytes are a barrier or an error, by the format's own rules, and never a panic; there is one
    /// form of each barrier.
    #[test]
    fn any_bytes_are_a_barrier_or_an_error(
        now in time(),
        head in prop_oneof![3 => Just([0x42, 1]), 1 => any::<[u8; 2]>()],
        rest in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        reads_or_refuses(&rest, now)?;
        reads_or_refuses(&[&head[..], &rest].concat(), now)?;
    }

    /// So are barriers that were damaged in a store.
    #[test]
    fn damaged_bytes_are_a_barrier_or_an_error(
        now in time(),
        steps in steps(),
        damages in proptest::collection::vec(damage(), 1..=3),
    ) {
        let mut pair = Pair::new(now);
        for step in steps {
            pair.take(step)?;
        }
        let mut bytes = pair.barrier.encode();
        reads_or_refuses(&bytes, now)?;
        for damage in damages {
            damage.apply(&mut bytes);
        }
        reads_or_refuses(&bytes, now)?;
    }
}
