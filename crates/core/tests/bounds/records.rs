//! The bytes of records, and how far ahead of the clock they are believed.

use tollgate_core::{
    CorruptRecord, HOLDS_MAX, LIMITS_MAX, Limit, Operation, Policy, RECORD_BYTES_MAX, Record,
    SKEW_MAX, Span, Timestamp, Verdict,
};

use crate::{SECOND, alone, numbered};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// A record of sixteen meters has 353 bytes, one that was never used has 1.
#[test]
fn records_of_meters() {
    let policy = Policy::new(numbered(LIMITS_MAX)).unwrap();
    let mut record = Record::new(&policy);
    assert_eq!(record.encode(&policy).len(), 1);
    let ones = policy.costs_in_order(&[1; LIMITS_MAX]).unwrap().into();
    policy.apply(&mut record, &ones, NOW);
    assert_eq!(record.encode(&policy).len(), 353);
}

/// An entry of others, with so many bytes in all.
fn foreign(bytes: usize) -> Vec<u8> {
    let payload = bytes - 1 - 5 - 3;
    let [a, b, c] = [payload % 128 + 128, payload / 128 % 128 + 128, payload / 16_384];
    let head = [1, 255, 255, 255, 255, 200, a as u8, b as u8, c as u8];
    head.into_iter().chain(std::iter::repeat_n(0, payload)).collect()
}

/// A record is read up to its largest length, and what is too long of others is left out.
#[test]
fn the_longest_record() {
    let policy = alone(Limit::gcra("requests", 1, SECOND, 1).unwrap());
    let longest = Record::decode(&policy, &foreign(RECORD_BYTES_MAX)).unwrap();
    assert_eq!(longest.encode(&policy), [1]);
    let longer = Record::decode(&policy, &foreign(RECORD_BYTES_MAX + 1));
    assert_eq!(longer, Err(CorruptRecord::Length(RECORD_BYTES_MAX + 1)));
    assert_eq!(
        longer.unwrap_err().to_string(),
        "the record's entries do not fill its 351898 bytes"
    );
}

/// A record of holds of nothing with these ids, each of which expires a nanosecond after the one before.
fn holds(ids: impl IntoIterator<Item = usize>) -> Vec<u8> {
    let hold = |(id, expiry): (usize, u64)| {
        let head = [0, 0, 0, 0, 16, 24];
        let (id, expiry) = ((id as u128).to_le_bytes(), expiry.to_le_bytes());
        [&head[..], &id, &expiry].concat()
    };
    [vec![1], ids.into_iter().zip(NOW.as_nanos()..).flat_map(hold).collect()].concat()
}

/// A record has at most 1,024 holds; bytes with more are none.
#[test]
fn holds_of_a_record() {
    let policy = alone(Limit::gcra("requests", 1, SECOND, 1).unwrap());
    let full = Record::decode(&policy, &holds(0..HOLDS_MAX)).unwrap();
    assert_eq!(full.encode(&policy), holds(0..HOLDS_MAX));
    assert!(Record::decode(&policy, &holds(0..=HOLDS_MAX)).is_err());
}

/// Among as many as there may be, two holds with one id are found wherever they are.
#[test]
fn holds_have_ids_of_their_own() {
    let policy = alone(Limit::gcra("requests", 1, SECOND, 1).unwrap());
    for (first, second) in [(0, 1), (0, HOLDS_MAX - 1), (511, 700), (HOLDS_MAX - 2, HOLDS_MAX - 1)]
    {
        let bytes = holds((0..HOLDS_MAX).map(|id| if id == second { first } else { id }));
        assert_eq!(Record::decode(&policy, &bytes), Err(CorruptRecord::Length(bytes.len())));
    }
}

/// A record is believed up to twice its time to full (the second one is debt) and the skew ahead of
/// the clock, and heals beyond.
#[test]
fn records_ahead_of_the_clock() {
    let policy = alone(Limit::gcra("requests", 1, SECOND, 10).unwrap());
    let ten = policy.costs_in_order(&[10]).unwrap();
    for (behind, healed) in [(SKEW_MAX.as_nanos(), false), (SKEW_MAX.as_nanos() + 1, true)] {
        let mut record = Record::new(&policy);
        let ahead = NOW.plus(Span::from_nanos(behind));
        policy.apply(&mut record, &Operation::Penalise(ten), ahead);
        policy.apply(&mut record, &Operation::Penalise(ten), ahead);
        let ask = ten.into();
        let decision = policy.apply(&mut record, &ask, NOW);
        assert_eq!((decision.verdict(), decision.changed()), (Verdict::Limited, healed));
    }
}
