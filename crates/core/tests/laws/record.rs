//! Records as bytes: read back what was written, read anything without a panic, and carry over what
//! two policies share.

use proptest::prelude::*;
use proptest::sample::Index;
use tollgate_core::{
    FOREIGN_BYTES_MAX, LIMITS_MAX, Policy, RECORD_BYTES_MAX, Record, Span, Timestamp, Verdict,
};

use crate::format::is_record;
use crate::support::{Numbers, config, numbers, time};

/// One entry of a meter: 4 bytes tag, 1 kind, 1 length, 16 TAT.
const ENTRY: usize = 22;
/// Limits to choose from: more than one policy may have.
const POOL: usize = 20;

fn policy(pool: &[Numbers], chosen: &[usize]) -> Policy {
    Policy::new(
        chosen.iter().map(|index| numbers_of(pool, *index).limit(&format!("limit-{index}"))),
    )
    .unwrap()
}

/// A few limits of the pool, in any order.
fn choice() -> impl Strategy<Value = Vec<usize>> {
    let order = Just((0..POOL).collect::<Vec<_>>()).prop_shuffle();
    (order, 0..=LIMITS_MAX).prop_map(|(mut order, count)| {
        order.truncate(count);
        order
    })
}

/// Numbers that the limits of the pool take in turn.
fn pool() -> impl Strategy<Value = [Numbers; 5]> {
    proptest::array::uniform5(numbers())
}

fn numbers_of(pool: &[Numbers], index: usize) -> Numbers {
    pool[index % pool.len()]
}

fn parts() -> impl Strategy<Value = [u16; LIMITS_MAX]> {
    any::<[u16; LIMITS_MAX]>()
}

/// The units that are charged of every limit: a part of its burst, in 65536ths.
fn units(policy: &Policy, parts: &[u16]) -> Vec<u64> {
    let cost = |(limit, part): (&tollgate_core::Limit, &u16)| {
        let units = (u128::from(limit.capacity()) * (u128::from(*part) + 1)) >> 16;
        u64::try_from(units).unwrap()
    };
    policy.limits().iter().zip(parts).map(cost).collect()
}

/// A record of which every limit was charged its part.
fn used(policy: &Policy, parts: &[u16], now: Timestamp) -> Record {
    let mut record = Record::new(policy);
    let costs = policy.costs_in_order(&units(policy, parts)).unwrap().into();
    assert_eq!(policy.apply(&mut record, &costs, now).verdict(), Verdict::Allowed);
    record
}

/// (remaining, reset) of every limit.
fn standing(policy: &Policy, record: &Record, now: Timestamp) -> Vec<(u64, Span)> {
    let (mut record, costs) = (record.clone(), policy.no_costs().into());
    let decision = policy.apply(&mut record, &costs, now);
    decision.limits().map(|status| (status.remaining, status.reset_after)).collect()
}

/// What may happen to bytes in a store.
#[derive(Debug, Clone)]
enum Damage {
    Set(Index, u8),
    Truncate(Index),
    Append(Vec<u8>),
    /// One entry is written over another one.
    Copy(Index, Index),
    /// One entry comes once more.
    Repeat(Index),
    /// One more entry of this kind: of the whole record, or of one of its limits.
    Entry(bool, u8, Vec<u8>),
}

/// Of the lengths that there are, and beside them.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![Just(0_usize), Just(8), Just(16), Just(24), Just(29), 0..=300_usize];
    length.prop_flat_map(|length| proptest::collection::vec(any::<u8>(), length))
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        4 => (any::<Index>(), prop_oneof![Just(0), Just(1), Just(2), any::<u8>()]).prop_map(|(at, byte)| Damage::Set(at, byte)),
        1 => any::<Index>().prop_map(Damage::Truncate),
        1 => proptest::collection::vec(any::<u8>(), 1..=2 * ENTRY).prop_map(Damage::Append),
        2 => any::<(Index, Index)>().prop_map(|(from, to)| Damage::Copy(from, to)),
        1 => any::<Index>().prop_map(Damage::Repeat),
        3 => (any::<bool>(), 0..=20_u8, payload()).prop_map(|(shared, kind, payload)| Damage::Entry(shared, kind, payload)),
    ]
}

impl Damage {
    fn apply(self, bytes: &mut Vec<u8>) {
        let entries = bytes.len().saturating_sub(1) / ENTRY;
        let entry = |index: Index| 1 + ENTRY * index.index(entries.max(1));
        match self {
            Self::Truncate(at) => bytes.truncate(at.index(bytes.len() + 1)),
            Self::Append(more) => bytes.extend(more),
            Self::Entry(shared, kind, payload) if bytes.len() >= 5 => {
                let tag = if shared { [0; 4] } else { [bytes[1], bytes[2], bytes[3], bytes[4]] };
                bytes.extend(tag);
                bytes.push(kind);
                bytes.extend(leb128(payload.len()));
                bytes.extend(payload);
            }
            Self::Set(at, byte) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            Self::Copy(from, to) if entries > 0 => {
                bytes.copy_within(entry(from)..entry(from) + ENTRY, entry(to));
            }
            Self::Repeat(index) if entries > 0 => {
                bytes.extend_from_within(entry(index)..entry(index) + ENTRY);
            }
            _ => {}
        }
    }
}

fn leb128(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 128 {
        bytes.push((value % 128) as u8 | 128);
        value /= 128;
    }
    bytes.push(value as u8);
    bytes
}

/// Reads `bytes` and, if they are a record, goes on with it. Nothing of this may panic.
fn reads_or_refuses(policy: &Policy, bytes: &[u8], now: Timestamp) -> crate::Outcome {
    let read = Record::decode(policy, bytes);
    prop_assert_eq!(read.is_ok(), is_record(policy, bytes), "{:?}", read);
    let Ok(mut record) = read else { return Ok(()) };
    prop_assert_eq!(&Record::decode(policy, &record.encode(policy)).unwrap(), &record);
    let ones = policy.costs_in_order(&vec![1; policy.limits().len()]).unwrap().into();
    for now in [now, Timestamp::EPOCH, Timestamp::MAX] {
        for status in policy.apply(&mut record, &ones, now).limits() {
            prop_assert!(status.remaining <= status.limit);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    /// What was written is read back, and is as long as it says.
    #[test]
    fn decode_reads_what_encode_wrote(pool in pool(), chosen in choice(), parts in parts(), now in time()) {
        let policy = policy(&pool, &chosen);
        let record = used(&policy, &parts, now);
        let bytes = record.encode(&policy);
        // A limit of which nothing was taken has no entry.
        let taken = units(&policy, &parts).into_iter().filter(|units| *units > 0).count();
        prop_assert_eq!(bytes.len(), 1 + ENTRY * taken);
        prop_assert!(bytes.len() <= RECORD_BYTES_MAX);
        prop_assert_eq!(&Record::decode(&policy, &bytes).unwrap(), &record);
        let mut appended = b"before".to_vec();
        record.encode_into(&policy, &mut appended);
        prop_assert_eq!(appended.strip_prefix(b"before"), Some(bytes.as_slice()));
    }

    /// Any bytes are a record or an error, by the format's own rules, and never a panic.
    #[test]
    fn any_bytes_are_a_record_or_an_error(
        pool in pool(),
        chosen in choice(),
        now in time(),
        version in prop_oneof![3 => Just(1), 1 => any::<u8>()],
        rest in proptest::collection::vec(any::<u8>(), 0..=2 * FOREIGN_BYTES_MAX),
    ) {
        let policy = policy(&pool, &chosen);
        reads_or_refuses(&policy, &rest, now)?;
        let bytes: Vec<u8> = std::iter::once(version).chain(rest).collect();
        reads_or_refuses(&policy, &bytes, now)?;
    }

    /// So are records that were damaged in a store.
    #[test]
    fn damaged_records_are_a_record_or_an_error(
        pool in pool(),
        chosen in choice(),
        parts in parts(),
        now in time(),
        damages in proptest::collection::vec(damage(), 1..=3),
    ) {
        let policy = policy(&pool, &chosen);
        let mut bytes = used(&policy, &parts, now).encode(&policy);
        for damage in damages {
            damage.apply(&mut bytes);
        }
        reads_or_refuses(&policy, &bytes, now)?;
    }

    /// When limits are added, removed and reordered, those that stay keep their state and those that
    /// are new start fresh.
    #[test]
    fn limits_that_stay_keep_their_state(
        pool in pool(),
        before in choice(),
        after in choice(),
        parts in parts(),
        now in time(),
    ) {
        let (old, new) = (policy(&pool, &before), policy(&pool, &after));
        let record = used(&old, &parts, now);
        let stood = standing(&old, &record, now);
        let carried = Record::decode(&new, &record.encode(&old)).unwrap();
        for (index, stands) in after.iter().zip(standing(&new, &carried, now)) {
            let position = before.iter().position(|other| other == index);
            let fresh = (numbers_of(&pool, *index).burst, Span::ZERO);
            prop_assert_eq!(stands, position.map_or(fresh, |position| stood[position]));
        }
        // And those that went away are as they were when their policy comes back.
        let back = Record::decode(&old, &carried.encode(&new)).unwrap();
        prop_assert_eq!(standing(&old, &back, now), stood);
    }

    /// A limit whose numbers change keeps its name's state, as far as the new numbers can hold it: it
    /// never has more room than its burst, is full again in time, and a meter that became a budget (or
    /// the reverse) starts fresh.
    #[test]
    fn changed_numbers_are_taken_over(old in numbers(), new in numbers(), part in any::<u16>(), now in time()) {
        let (before, after) = (policy(&[old], &[0]), policy(&[new], &[0]));
        let bytes = used(&before, &[part], now).encode(&before);
        let mut record = Record::decode(&after, &bytes).unwrap();
        // A record that the new numbers find far ahead is healed once, at the first decision.
        after.apply(&mut record, &after.no_costs().into(), now);
        let (remaining, reset) = standing(&after, &record, now)[0];
        if (old.refill == 0) != (new.refill == 0) {
            prop_assert_eq!((remaining, reset), (new.burst, Span::ZERO));
        }
        prop_assert_eq!(reset == Span::ZERO, remaining == new.burst);
        if reset != Span::NEVER && now.plus(reset) < Timestamp::MAX {
            let then = standing(&after, &record, now.plus(reset))[0];
            prop_assert_eq!(then, (new.burst, Span::ZERO));
        }
        let costs = after.costs_in_order(&[1]).unwrap().into();
        let passes = after.apply(&mut record, &costs, now).verdict() == Verdict::Allowed;
        prop_assert_eq!(passes, remaining > 0);
    }
}
