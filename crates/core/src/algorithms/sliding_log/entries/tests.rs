//! The bytes of a log: every log comes back from its own, and no others are a log.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test may panic")]

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::algorithms::rule::laws::{any_magnitude, config};

fn bytes_of(log: &Log) -> Vec<u8> {
    let mut bytes = Vec::new();
    log.encode_into(&mut bytes);
    bytes
}

/// A log with these distances and units, as far as its times are below 2^64.
pub(crate) fn log_of(entries: impl IntoIterator<Item = (u64, u64)>) -> Log {
    let mut log = Log::default();
    for (later_ns, units) in entries {
        match log.newest_ns().unwrap_or(0).checked_add(later_ns) {
            Some(time_ns) => log.note(time_ns, units),
            None => break,
        }
    }
    log
}

/// Logs of any numbers: mostly of a few entries, sometimes of as many as there may be.
pub(crate) fn any_log() -> impl Strategy<Value = Log> {
    let entries = vec((any_magnitude(), any_magnitude()), 0..8);
    (entries, 0..16_u8, any_magnitude(), 0..4_u64).prop_map(|(entries, kind, first, missing)| {
        match kind {
            0 => {
                let step = 1 + first % (u64::MAX / 2_048);
                let count = u64::try_from(LOG_ENTRIES_MAX).unwrap_or(0) - missing;
                log_of((0..count).map(|index| (step, 1 + index % 3)))
            }
            _ => log_of(entries),
        }
    })
}

/// Two charges at 1000 ns, one of them merged, and one 300 ns later.
#[test]
fn an_example() {
    let log = log_of([(1_000, 2), (0, 1), (300, 200)]);
    assert_eq!(log.entries(), [Entry { time: 1_000, units: 3 }, Entry { time: 1_300, units: 200 }]);
    assert_eq!(bytes_of(&log), [0xe8, 0x07, 3, 0xac, 0x02, 0xc8, 0x01]);
    assert_eq!(Log::decode(&[]), Some(Log::default()));
}

/// Bytes that end within an entry, units of 0, equal times, times beyond 64 bits and numbers that
/// could be spelled shorter are no log.
#[test]
fn what_is_no_log() {
    let latest = bytes_of(&log_of([(u64::MAX, 1)]));
    let beyond = [&latest[..], &[1, 1]].concat();
    for bytes in [&[5][..], &[5, 0x80], &[5, 1, 5], &[5, 0], &[5, 1, 0, 1], &[0x85, 0, 1], &beyond]
    {
        assert_eq!(Log::decode(bytes), None, "{bytes:?}");
    }
    assert!(Log::decode(&latest).is_some());
}

/// There are at most 1024 entries, when charging and when decoding.
#[test]
fn entries_are_bounded() {
    let mut log = log_of((0..LOG_ENTRIES_MAX).map(|_| (1, 1)));
    let mut bytes = bytes_of(&log);
    assert_eq!(Log::decode(&bytes).as_ref(), Some(&log));
    bytes.extend([1, 1]);
    assert_eq!(Log::decode(&bytes), None);

    log.note(5_000, 7);
    assert_eq!(log.entries().len(), LOG_ENTRIES_MAX);
    assert_eq!(log.entries()[LOG_ENTRIES_MAX - 1], Entry { time: 5_000, units: 8 });
    assert_eq!(log.entries()[LOG_ENTRIES_MAX - 2].time, 1_023);
}

/// No log is longer than it may be, whatever its numbers: as long as the longest is one whose entries
/// are as far apart as they can be.
#[test]
fn bytes_are_bounded() {
    let step = u64::MAX / 1_024;
    let log = log_of((0..LOG_ENTRIES_MAX).map(|_| (step, u64::MAX)));
    let length = bytes_of(&log).len();
    assert_eq!(length, LOG_ENTRIES_MAX * (8 + VARINT_BYTES_MAX));
    assert!(length <= LOG_BYTES_MAX);
}

proptest! {
    #![proptest_config(config())]

    /// A log comes back from its bytes, and they are no more than there may be.
    #[test]
    fn logs_come_back(log in any_log()) {
        let bytes = bytes_of(&log);
        prop_assert!(bytes.len() <= LOG_BYTES_MAX);
        prop_assert_eq!(Log::decode(&bytes), Some(log));
    }

    /// All units are those of the entries, as far as 64 bits go, also when some of them have left.
    #[test]
    fn units_are_those_of_the_entries(log in any_log(), left in any::<prop::sample::Index>()) {
        let times: Vec<u64> = log.entries().iter().map(|entry| entry.time).collect();
        let until = if times.is_empty() { 0 } else { times[left.index(times.len())] };
        let mut rest = log.clone();
        rest.forget(|time_ns| time_ns <= until);
        prop_assert_eq!(rest.entries(), log.since(|time_ns| time_ns <= until));
        for log in [log, rest] {
            let sum: u128 = log.entries().iter().map(|entry| u128::from(entry.units)).sum();
            prop_assert_eq!(log.units(), u64::try_from(sum).unwrap_or(u64::MAX));
        }
    }

    /// Any bytes are the bytes of one log or of none; its times ascend and it has no empty entries.
    #[test]
    fn any_bytes_will_do(bytes in vec(prop_oneof![any::<u8>(), 0..4_u8], 0..24)) {
        if let Some(log) = Log::decode(&bytes) {
            prop_assert_eq!(bytes_of(&log), bytes);
            prop_assert!(log.entries().windows(2).all(|pair| pair[0].time < pair[1].time));
            prop_assert!(log.entries().iter().all(|entry| entry.units > 0));
        }
    }

    /// What is left of a log, cut or changed at any byte, is a log or not; it is never a surprise.
    #[test]
    fn damaged_bytes_will_do(log in any_log(), at in any::<u16>(), byte in any::<u8>()) {
        let mut bytes = bytes_of(&log);
        let at = usize::from(at) % (bytes.len() + 1);
        if let Some(old) = bytes.get_mut(at) {
            *old = byte;
        }
        for bytes in [&bytes[..], &bytes[..at]] {
            if let Some(log) = Log::decode(bytes) {
                prop_assert_eq!(bytes_of(&log), bytes);
            }
        }
    }
}
