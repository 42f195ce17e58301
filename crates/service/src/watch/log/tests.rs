#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::collection::vec;
use proptest::prelude::*;

use tollgate_core::Span;

use super::*;

fn entry(kind: Kind, key: &str) -> Entry {
    let subject = Subject { policy: "upstream".into(), key: key.into(), limit: "calls".into() };
    Entry { kind, subject, data: format!("{{\"key\":\"{key}\"}}") }
}

fn ids(log: &Log, after: u64) -> Vec<u64> {
    log.after(after).map(|(id, _)| id).collect()
}

/// Ids have no gaps, so a client that reconnects knows how much it missed.
#[test]
fn the_oldest_are_dropped_and_counted() {
    let mut log = Log::default();
    assert_eq!((log.last_id(), log.missed_after(0)), (0, None));
    for n in 0..ENTRIES_MAX + 3 {
        log.push(entry(Kind::Event, &n.to_string()));
    }
    let last = ENTRIES_MAX as u64 + 3;
    assert_eq!(log.last_id(), last);
    assert_eq!(ids(&log, last - 2), [last - 1, last]);
    assert_eq!(ids(&log, 0).len(), ENTRIES_MAX);
    assert_eq!(log.missed_after(0), Some(Missed::Entries(3)));
    assert_eq!(log.missed_after(2), Some(Missed::Entries(1)));
    assert_eq!((log.missed_after(3), log.missed_after(last)), (None, None));
    assert_eq!(log.missed_after(last + 1), Some(Missed::Everything), "it is of another log");
}

/// A log that was lost is not taken for the one that came after it, however many entries that one has by then.
#[test]
fn a_log_that_was_lost_is_told() {
    let began = Timestamp::from_secs(1_800_000_000);
    let mut lost = Log::begun(began);
    lost.push(entry(Kind::Event, "before"));
    let id = lost.last_id();
    let mut log = Log::begun(began.plus(Span::from_secs(1)));
    assert_eq!(Log::default().missed_after(id), Some(Missed::Everything));
    for n in 0..2 * ENTRIES_MAX as u64 {
        assert_eq!(log.missed_after(id), Some(Missed::Everything), "{n} entries later");
        let gone = n.saturating_sub(ENTRIES_MAX as u64);
        assert_eq!(log.missed_after(0), (gone > 0).then_some(Missed::Entries(gone)));
        log.push(entry(Kind::Event, "after"));
        assert_eq!(log.missed_after(log.last_id()), None);
    }
}

/// A record that callers could grow without bound would not fit its store.
#[test]
fn the_longest_entries_keep_the_record_small() {
    let mut log = Log::default();
    for n in 0..200_u32 {
        let name = |length: usize| format!("{n:0length$}");
        let subject = Subject { policy: name(64), key: name(512), limit: name(64) };
        log.push(Entry { kind: Kind::Reduced, subject, data: "\\u0000".repeat(1_000) });
    }
    assert!(log.encode().len() < 64 << 10, "{}", log.encode().len());
    assert_eq!(log.last_id(), 200, "nothing is lost but what is old");
    assert!(log.after(0).count() >= 4);
    assert_eq!(log.reduced().len(), REDUCED_MAX);
}

#[test]
fn who_was_reduced_recovers_until_the_capacity_is_set() {
    let mut log = Log::default();
    for (kind, key, reduced) in [
        (Kind::Reduced, "a", vec!["a"]),
        (Kind::Reduced, "b", vec!["a", "b"]),
        (Kind::Event, "b", vec!["a", "b"]),
        (Kind::Reduced, "a", vec!["b", "a"]),
        (Kind::Capacity, "b", vec!["a"]),
        (Kind::Capacity, "a", vec![]),
    ] {
        log.push(entry(kind, key));
        let keys: Vec<_> = log.reduced().iter().map(|subject| &*subject.key).collect();
        assert_eq!(keys, reduced, "{kind:?} {key}");
    }
}

#[test]
fn the_bytes_of_the_first_version_never_change() {
    let mut log = Log::default();
    log.push(Entry { data: "{}".into(), ..entry(Kind::Reduced, "k") });
    let subject = b"\x08\0upstream\x01\0k\x05\0calls";
    let parts: [&[u8]; 7] =
        [b"W\x01", b"\x01\0\0\0\0\0\0\0", b"\x01\0\x02", subject, b"\x02\0{}", b"\x01\0", subject];
    assert_eq!(log.encode(), parts.concat());
    assert_eq!(Log::decode(&parts.concat()), Ok(log));
}

#[test]
fn records_of_another_kind_or_version_are_told() {
    assert_eq!(Log::decode(&[]), Err(CorruptBytes::Length(0)));
    assert_eq!(Log::decode(&[1, 1]), Err(CorruptBytes::Kind { wanted: b'W', found: 1 }));
    assert_eq!(Log::decode(b"W\x02"), Err(CorruptBytes::Version(2)));
    let mut longer = Log::default().encode();
    longer.push(0);
    assert_eq!(Log::decode(&longer), Err(CorruptBytes::Length(longer.len())));
}

proptest! {
    /// What is written is read back, and anything else is an error, not a panic.
    #[test]
    fn every_log_is_read_back_and_no_cut_of_it_is_one(
        keys in vec((0_usize..3, "\\PC{0,8}"), 0..20),
        cut in 0_usize..10_000,
    ) {
        let mut log = Log::default();
        for (kind, key) in &keys {
            log.push(entry(Kind::ALL[*kind], key));
        }
        let bytes = log.encode();
        prop_assert_eq!(Log::decode(&bytes), Ok(log));
        let cut = cut % bytes.len();
        prop_assert!(Log::decode(&bytes[..cut]).is_err());
    }

    #[test]
    fn any_bytes_are_a_log_or_an_error(mut bytes in vec(any::<u8>(), 0..64)) {
        bytes.splice(0..0, HEAD);
        if let Ok(log) = Log::decode(&bytes) {
            prop_assert_eq!(log.encode(), bytes);
        }
    }
}
