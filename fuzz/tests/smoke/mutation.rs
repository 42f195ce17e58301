//! Inputs that are nearly ones of the corpus.

use crate::random::Random;

/// Bytes at which things turn: ends of ranges, digits and signs.
const TURNING: [u8; 10] = [0, 1, 2, 0x7f, 0x80, 0xff, b'0', b'9', b'-', b'"'];
/// Longest run of bytes that is moved at once.
const RUN_MAX: usize = 24;

/// An input of the corpus with a few changes, or its start and the end of another one.
pub(crate) fn mutated(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = corpus[random.below(corpus.len())].clone();
    if random.below(4) == 0 {
        let other = &corpus[random.below(corpus.len())];
        bytes.truncate(random.below(bytes.len() + 1));
        bytes.extend_from_slice(&other[random.below(other.len() + 1)..]);
    }
    for _ in 0..=random.below(4) {
        change(&mut bytes, random);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    let run = random.below(RUN_MAX.min(bytes.len() - at) + 1);
    match random.below(6) {
        0 => bytes.insert(at, random.next() as u8),
        1 => drop(bytes.drain(at..at + run)),
        2 => {
            let copied = bytes[at..at + run].to_vec();
            let to = random.below(bytes.len() + 1);
            bytes.splice(to..to, copied);
        }
        3 => set(bytes, at, |_| TURNING[random.below(TURNING.len())]),
        4 => set(bytes, at, |byte| byte ^ (1 << random.below(8))),
        _ => set(bytes, at, |_| random.next() as u8),
    }
}

fn set(bytes: &mut [u8], at: usize, value: impl FnOnce(u8) -> u8) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte = value(*byte);
    }
}
