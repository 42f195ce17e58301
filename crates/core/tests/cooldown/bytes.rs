//! The bytes of cooldowns: golden ones, what is refused, and anything at all.

use proptest::prelude::*;
use tollgate_core::cooldown::{Cooldowns, EVENTS_MAX, Event, Filter, RECORD_BYTES_MAX, Reported};
use tollgate_core::{CorruptBytes, Id, Span, Timestamp};

use crate::bytes_support::{damage, number};
use crate::format;
use crate::laws::any_event;
use crate::support::{config, time};
use crate::{NOW, event};

/// A record of version 1 as it lies in stores today. It never changes: a build that reads or writes it
/// differently forgets what its users' upstreams said.
const GOLDEN: &str = "4301\
    01000000000000000000000000000000 0700000000000000 0000b49376e2fa18 00b864d945000000 2003 \
    03 343239 05 6c61726765\
    ffffffffffffffffffffffffffffffff ffffffffffffffff ffffffffffffff7f 0000f2be67587000 1027 \
    04 45313031 00";

fn golden_events() -> [(Event, Timestamp); 2] {
    let first = Event::new(Id::from_u128(1), 7, "429", Span::from_secs(300))
        .unwrap()
        .with_label("large")
        .unwrap();
    let days = Span::from_secs(366 * 86_400);
    let last = Event::new(Id::from_u128(u128::MAX), u64::MAX, "E101", days)
        .unwrap()
        .with_safety(10_000)
        .unwrap();
    [(first, NOW), (last, Timestamp::MAX)]
}

/// Bytes from hex digits with spaces between them.
fn unhex(text: &str) -> Vec<u8> {
    format::unhex(&text.replace(' ', ""))
}

/// This build writes and reads the golden bytes, whatever the order of the reports.
#[test]
fn golden_bytes() {
    let mut cooldowns = Cooldowns::new();
    assert_eq!(cooldowns.encode(), [0x43, 1]);
    for (event, now) in golden_events().into_iter().rev() {
        assert_eq!(cooldowns.report(event, now), Ok(Reported::Added));
    }
    assert_eq!(cooldowns.encode(), unhex(GOLDEN));
    assert_eq!(Cooldowns::decode(&unhex(GOLDEN)), Ok(cooldowns));
}

/// The longest record is as long as it says, and is read.
#[test]
fn the_longest_record() {
    assert_eq!(RECORD_BYTES_MAX, 22_018);
    let (text, mut cooldowns) = ("x".repeat(64), Cooldowns::new());
    for id in 0..EVENTS_MAX as u128 {
        assert_eq!(cooldowns.report(event(id, &text, Some(&text), 1), NOW), Ok(Reported::Added));
    }
    let bytes = cooldowns.encode();
    assert_eq!(bytes.len(), RECORD_BYTES_MAX);
    assert_eq!(Cooldowns::decode(&bytes), Ok(cooldowns));
}

/// Every field that is out of its range is refused by name.
#[test]
fn corrupt_bytes() {
    type Damage = fn(&mut Vec<u8>);
    let rows: [(&str, Damage, CorruptBytes); 20] = [
        ("nothing", |b| b.clear(), CorruptBytes::Empty),
        ("a limits' record", |b| b[0] = 1, CorruptBytes::Kind { wanted: 0x43, found: 1 }),
        ("a barrier", |b| b[0] = 0x42, CorruptBytes::Kind { wanted: 0x43, found: 0x42 }),
        ("only a kind", |b| b.truncate(1), CorruptBytes::Length(1)),
        ("version 0", |b| b[1] = 0, CorruptBytes::Version(0)),
        ("version 2", |b| b[1] = 2, CorruptBytes::Version(2)),
        ("a byte is missing", |b| b.truncate(101), CorruptBytes::Length(101)),
        ("a byte too many", |b| b.push(0), CorruptBytes::Length(103)),
        ("an id twice", |b| b[2..18].fill(0xff), CorruptBytes::Field("id")),
        ("a time beyond the last", |b| b[33] = 0x80, CorruptBytes::Field("recorded_at")),
        ("no duration", |b| b[34..42].fill(0), CorruptBytes::Field("duration")),
        ("a duration of 146 years", |b| b[41] = 0x40, CorruptBytes::Field("duration")),
        ("no safety factor", |b| b[42..44].fill(0), CorruptBytes::Field("safety_permille")),
        ("a code of no bytes", |b| lengthen(b, 44, 0), CorruptBytes::Field("code")),
        ("a code that is no text", |b| b[45] = 0xff, CorruptBytes::Field("code")),
        ("a label that is no text", |b| b[49] = 0xff, CorruptBytes::Field("label")),
        ("too long a code", |b| lengthen(b, 44, 65), CorruptBytes::Field("code")),
        ("too long a label", |b| lengthen(b, 48, 65), CorruptBytes::Field("label")),
        ("too long a record", |b| b.resize(22_019, 0), CorruptBytes::Length(22_019)),
        ("too many events", |b| *b = numbered(129), CorruptBytes::Length(2 + 129 * 45)),
    ];
    for (why, damage, error) in rows {
        let mut bytes = unhex(GOLDEN);
        damage(&mut bytes);
        assert_eq!(Cooldowns::decode(&bytes), Err(error), "{why}");
    }
}

/// Makes the text at `at` (its length byte) `length` bytes of `x` long.
fn lengthen(bytes: &mut Vec<u8>, at: usize, length: u8) {
    let end = at + 1 + usize::from(bytes[at]);
    let text = std::iter::once(length).chain(std::iter::repeat_n(b'x', length.into()));
    bytes.splice(at..end, text);
}

/// The bytes of so many events with a code of one byte and no label.
fn numbered(count: u64) -> Vec<u8> {
    let mut one = Cooldowns::new();
    assert_eq!(one.report(event(0, "4", None, 1), NOW), Ok(Reported::Added));
    let one = one.encode();
    let mut bytes = one[..2].to_vec();
    for id in 0..count {
        bytes.extend(u128::from(id).to_le_bytes());
        bytes.extend(&one[18..]);
    }
    bytes
}

/// What is wrong is said in a sentence.
#[test]
fn messages() {
    let rows = [
        (CorruptBytes::Empty, "the record is empty"),
        (
            CorruptBytes::Kind { wanted: 0x43, found: 1 },
            "the record starts with 01 and is of another kind than 43",
        ),
        (CorruptBytes::Version(2), "the record has the unknown version 2"),
        (CorruptBytes::Length(3), "the record's fields do not fill its 3 bytes"),
        (CorruptBytes::Field("code"), "code: the record has a value that is never written"),
    ];
    for (error, message) in rows {
        assert_eq!(error.to_string(), message);
    }
}

/// The format again, in other words: whether these bytes are a record.
fn is_record(bytes: &[u8]) -> bool {
    let is_text =
        |text: &[u8], least| (least..=64).contains(&text.len()) && str::from_utf8(text).is_ok();
    let [0x43, 1, rest @ ..] = bytes else { return false };
    let (mut rest, mut ids) = (rest, Vec::new());
    while !rest.is_empty() {
        let Some((numbers, texts)) = rest.split_at_checked(43) else { return false };
        let Some((code, label)) = texts.split_at_checked(numbers[42].into()) else { return false };
        let Some((&length, label)) = label.split_first() else { return false };
        let Some((label, next)) = label.split_at_checked(length.into()) else { return false };
        let is_event = number(&numbers[24..32]) < 1 << 63
            && (1..=366 * 86_400_000_000_000).contains(&number(&numbers[32..40]))
            && (1..=10_000).contains(&number(&numbers[40..42]))
            && is_text(code, 1)
            && is_text(label, 0);
        if !is_event {
            return false;
        }
        ids.push(number(&numbers[..16]));
        rest = next;
    }
    ids.len() <= 128 && ids.is_sorted_by(|a, b| a < b)
}

/// Reads `bytes`; what is read is written as the same bytes, and can be asked.
fn reads_or_refuses(bytes: &[u8], now: Timestamp) -> Result<(), TestCaseError> {
    let read = Cooldowns::decode(bytes);
    prop_assert_eq!(read.is_ok(), is_record(bytes), "{:?}", read);
    let Ok(mut cooldowns) = read else { return Ok(()) };
    prop_assert_eq!(cooldowns.encode(), bytes);
    for now in [now, Timestamp::EPOCH, Timestamp::MAX] {
        let active = cooldowns.active(Filter::ANY, now).len();
        prop_assert_eq!(active > 0, cooldowns.limited_by(Filter::ANY, now).is_some());
        let all = cooldowns.all().len();
        let _ = cooldowns.report(event(5, "429", None, 1), now);
        prop_assert!(cooldowns.all().len() <= all + 1);
        cooldowns.clean_up(now);
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    /// Any bytes are cooldowns or an error, by the format's own rules, and never a panic; there is one
    /// form of each record.
    #[test]
    fn any_bytes_are_cooldowns_or_an_error(
        now in time(),
        head in prop_oneof![3 => Just([0x43, 1]), 1 => any::<[u8; 2]>()],
        rest in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        reads_or_refuses(&rest, now)?;
        reads_or_refuses(&[&head[..], &rest].concat(), now)?;
    }

    /// So are records that were damaged in a store.
    #[test]
    fn damaged_bytes_are_cooldowns_or_an_error(
        now in time(),
        events in proptest::collection::vec(any_event(u128::MAX), 0..5),
        damages in proptest::collection::vec(damage(), 1..=3),
    ) {
        let mut cooldowns = Cooldowns::new();
        for event in events {
            prop_assert_eq!(cooldowns.report(event, now), Ok(Reported::Added));
        }
        let mut bytes = cooldowns.encode();
        reads_or_refuses(&bytes, now)?;
        for damage in damages {
            damage.apply(&mut bytes);
        }
        reads_or_refuses(&bytes, now)?;
    }
}
