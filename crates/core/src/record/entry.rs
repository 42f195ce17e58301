//! One entry of an encoded record: a tag, a kind, and the bytes of that kind.

use alloc::vec::Vec;

use crate::algorithms::adaptive::AdaptiveState;
use crate::algorithms::any::{AnyRule, State};
use crate::algorithms::sliding_log::Log;
use crate::varint;

pub(crate) const METER: u8 = 1;
pub(crate) const BUDGET: u8 = 2;
pub(crate) const WINDOW: u8 = 3;
pub(crate) const COUNTER: u8 = 4;
pub(crate) const LOG: u8 = 5;
pub(crate) const ADAPTIVE: u8 = 6;
/// Entries of the whole record have the tag 0 and one of these kinds.
pub(crate) const HOLD: u8 = 16;
pub(crate) const BLOCK: u8 = 17;
pub(crate) const ONCE: u8 = 18;
pub(crate) const REVISION: u8 = 20;

/// Tag, kind, and the length of a short payload.
const HEAD_BYTES: usize = 4 + 1 + 1;
/// Most numbers of a state that is a few of them.
const WORDS_MAX: usize = 3;

/// An entry, as it stands in a record's bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) tag: u32,
    pub(crate) kind: u8,
    pub(crate) payload: &'a [u8],
}

impl<'a> Entry<'a> {
    /// The first entry, and what follows it.
    #[inline]
    pub(crate) fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&[t0, t1, t2, t3, kind], after_kind) = bytes.split_first_chunk()?;
        let (length, after_head) = match after_kind {
            // Nearly always a short one.
            [short @ 0..=0x7f, rest @ ..] => (usize::from(*short), rest),
            _ => {
                let (length, rest) = varint::take(after_kind)?;
                (usize::try_from(length).ok()?, rest)
            }
        };
        let (payload, rest) = after_head.split_at_checked(length)?;
        Some((Self { tag: u32::from_le_bytes([t0, t1, t2, t3]), kind, payload }, rest))
    }
}

/// Appends an entry.
pub(crate) fn put(out: &mut Vec<u8>, tag: u32, kind: u8, payload: &[u8]) {
    let [t0, t1, t2, t3] = tag.to_le_bytes();
    out.extend_from_slice(&[t0, t1, t2, t3, kind]);
    varint::put(out, payload.len() as u64);
    out.extend_from_slice(payload);
}

/// The kind of entry in which the state of a rule is kept.
#[inline]
pub(crate) const fn kind_of(rule: &AnyRule) -> u8 {
    match rule {
        AnyRule::Meter(meter) | AnyRule::Queue(meter) if meter.is_frozen() => BUDGET,
        AnyRule::Meter(_) | AnyRule::Queue(_) => METER,
        AnyRule::Window(_) => WINDOW,
        AnyRule::Counter(_) => COUNTER,
        AnyRule::Log(_) => LOG,
        AnyRule::Adaptive(_) => ADAPTIVE,
        // It has no state, so there is no such entry.
        AnyRule::Slots(_) => 0,
    }
}

/// Appends the entry of a limit's state; nothing for a state without bytes.
#[inline]
pub(crate) fn put_state(out: &mut Vec<u8>, tag: u32, kind: u8, state: &State) {
    match state {
        State::Meter(tat) => put_words(out, tag, kind, [tat.nanos, tat.part]),
        State::Window(window) => put_words(out, tag, kind, [window.start, window.used]),
        State::Counter(counter) => {
            put_words(out, tag, kind, [counter.start, counter.current, counter.previous]);
        }
        State::Log(log) => put_payload(out, tag, kind, |payload| log.encode_into(payload)),
        State::Adaptive(adaptive) => {
            put_payload(out, tag, kind, |payload| adaptive.encode_into(payload));
        }
        State::Nothing => {}
    }
}

/// Reads into a state what the payload of an entry of its kind says; `None` when its length is wrong.
#[inline]
pub(crate) fn read_state(state: &mut State, payload: &[u8]) -> Option<()> {
    match state {
        State::Meter(tat) => [tat.nanos, tat.part] = words(payload)?,
        State::Window(window) => [window.start, window.used] = words(payload)?,
        State::Counter(counter) => {
            [counter.start, counter.current, counter.previous] = words(payload)?;
        }
        State::Log(log) => **log = Log::decode(payload)?,
        State::Adaptive(adaptive) => **adaptive = AdaptiveState::decode(payload)?,
        State::Nothing => return None,
    }
    Some(())
}

fn put_payload(out: &mut Vec<u8>, tag: u32, kind: u8, write: impl FnOnce(&mut Vec<u8>)) {
    let mut payload = Vec::new();
    write(&mut payload);
    put(out, tag, kind, &payload);
}

/// Appends an entry of few little-endian numbers.
#[inline]
fn put_words<const N: usize>(out: &mut Vec<u8>, tag: u32, kind: u8, words: [u64; N]) {
    let length = words.len().saturating_mul(8);
    let mut entry = [0; HEAD_BYTES + 8 * WORDS_MAX];
    let (head, payload) = entry.split_at_mut(HEAD_BYTES);
    let [t0, t1, t2, t3] = tag.to_le_bytes();
    head.copy_from_slice(&[t0, t1, t2, t3, kind, length as u8]);
    for (bytes, word) in payload.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
    // At once, since each time it is looked whether there is room.
    out.extend_from_slice(entry.get(..HEAD_BYTES.saturating_add(length)).unwrap_or(&entry));
}

/// So many little-endian numbers, and no byte more.
#[inline]
pub(crate) fn words<const N: usize>(payload: &[u8]) -> Option<[u64; N]> {
    let (chunks, rest) = payload.as_chunks::<8>();
    let words: &[[u8; 8]; N] = chunks.try_into().ok().filter(|_| rest.is_empty())?;
    Some(words.map(u64::from_le_bytes))
}
