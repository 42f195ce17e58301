//! Barriers: any bytes as a record of one, and any story of parties.

use arbitrary::{Result, Unstructured};
use tollgate_core::barrier::{Arrival, Barrier, Created, PARTIES_MAX, RECORD_BYTES_MAX, TTL_MAX};
use tollgate_core::{Id, Span, Timestamp};

use crate::draw::{next_time, number, time};

const STEPS_MAX: usize = 64;

/// Reads `bytes` as a record, and takes them as a story.
///
/// # Panics
/// When something does not hold.
pub fn run(bytes: &[u8]) {
    if let Ok(barrier) = Barrier::decode(bytes) {
        assert_eq!(barrier.encode(), bytes, "a record has one form");
        for now in [Timestamp::EPOCH, Timestamp::from_secs(1_800_000_000), Timestamp::MAX] {
            holds(&barrier, now);
        }
    }
    // That the bytes ended is all there is to say.
    let _ = story(&mut Unstructured::new(bytes));
}

fn story(bytes: &mut Unstructured<'_>) -> Result<()> {
    let mut barrier = Barrier::new();
    let mut now = time(bytes)?;
    let mut generation = 0;
    for _ in 0..STEPS_MAX {
        if bytes.is_empty() {
            break;
        }
        now = next_time(bytes, now)?;
        // Sometimes one that is late or too early.
        let meant = if bytes.ratio(1, 16)? { number(bytes, u64::MAX)? } else { generation };
        let party = Id::from_u128(number(bytes, 6)?.into());
        match bytes.int_in_range(0..=7_u8)? {
            0..=1 => {
                let parties = number(bytes, u64::from(PARTIES_MAX) + 1)?;
                let ttl = Span::from_nanos(number(bytes, TTL_MAX.as_nanos() + 1)?);
                generation = create(&mut barrier, parties as u16, ttl, now).unwrap_or(generation);
            }
            2..=5 => arrive(&mut barrier, party, meant, now),
            _ => {
                let first = barrier.leave(party, meant, now);
                assert_eq!(barrier.leave(party, meant, now), first, "twice is the same as once");
            }
        }
        holds(&barrier, now);
    }
    Ok(())
}

/// The generation that there is then; nothing when the arguments are refused, which changes nothing.
fn create(barrier: &mut Barrier, parties: u16, ttl: Span, now: Timestamp) -> Option<u64> {
    let before = barrier.clone();
    match barrier.create(parties, ttl, now) {
        Ok(Created::Begun { generation }) => {
            assert!(before.query(now).is_none_or(|status| status.generation < generation));
            Some(generation)
        }
        Ok(Created::Alive { generation }) => {
            assert_eq!(*barrier, before);
            Some(generation)
        }
        Err(_) => {
            assert_eq!(*barrier, before);
            None
        }
    }
}

/// It opens for the last one, whose answer stays the same.
fn arrive(barrier: &mut Barrier, party: Id, generation: u64, now: Timestamp) {
    let was_open = barrier.query(now).is_some_and(|status| status.is_open);
    let arrival = barrier.arrive(party, generation, now);
    let is_open = barrier.query(now).is_some_and(|status| status.is_open);
    if is_open && !was_open {
        assert_eq!(arrival, Arrival::Opened);
    }
    assert_eq!(barrier.arrive(party, generation, now), arrival, "twice is the same as once");
}

/// What holds of every barrier.
fn holds(barrier: &Barrier, now: Timestamp) {
    let bytes = barrier.encode();
    assert!(bytes.len() <= RECORD_BYTES_MAX);
    assert_eq!(Barrier::decode(&bytes).as_ref(), Ok(barrier));
    let Some(status) = barrier.query(now) else { return };
    assert!((1..=PARTIES_MAX).contains(&status.parties));
    assert!(status.present <= status.arrived && status.arrived <= status.parties);
    assert_eq!(status.is_open, status.arrived == status.parties);
}
