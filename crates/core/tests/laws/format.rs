//! The format of a record again, in other words: what is one, to a policy of token buckets.

use tollgate_core::{HOLDS_MAX, LIMITS_MAX, Limit, Policy, RECORD_BYTES_MAX, REQUEST_IDS_MAX};

/// Whether these bytes are a record.
pub(crate) fn is_record(policy: &Policy, bytes: &[u8]) -> bool {
    let Some((1, mut rest)) = bytes.split_first() else { return false };
    let mine: Vec<_> = policy.limits().iter().map(head).collect();
    let (mut seen, mut holds) = (Vec::new(), 0);
    while !rest.is_empty() {
        let Some((head, after)) = rest.split_first_chunk::<5>() else { return false };
        let Some((length, after)) = leb128(after) else { return false };
        if length > after.len() as u128 {
            return false;
        }
        let (payload, after) = after.split_at(length as usize);
        let is_sound = match head {
            _ if mine.contains(head) => {
                let is_first = !seen.contains(head);
                seen.push(*head);
                is_first && payload.len() == 16
            }
            [0, 0, 0, 0, 16] => {
                holds += 1;
                holds <= HOLDS_MAX && is_hold(payload)
            }
            [0, 0, 0, 0, 17 | 20] => payload.len() == 8,
            [0, 0, 0, 0, 18] => {
                payload.len().is_multiple_of(16) && payload.len() <= 16 * REQUEST_IDS_MAX
            }
            _ => true,
        };
        if !is_sound {
            return false;
        }
        rest = after;
    }
    bytes.len() <= RECORD_BYTES_MAX
}

/// The tag and the kind of a token bucket's entry: of one that refills, or of a budget.
fn head(limit: &Limit) -> [u8; 5] {
    let hash = limit
        .name()
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let [a, b, c, d] = hash.to_le_bytes();
    [a, b, c, d, if limit.period().is_never() { 2 } else { 1 }]
}

/// An id, an expiry, and for each of some limits, none of them twice, a tag and units.
fn is_hold(payload: &[u8]) -> bool {
    let Some((_, mut rest)) = payload.split_at_checked(24) else { return false };
    let mut tags = Vec::new();
    while !rest.is_empty() {
        let Some((tag, after)) = rest.split_first_chunk::<4>() else { return false };
        let Some((_, after)) = leb128(after) else { return false };
        if tags.contains(tag) {
            return false;
        }
        tags.push(*tag);
        rest = after;
    }
    tags.len() <= LIMITS_MAX
}

/// A number of at most 64 bits in the fewest bytes, and what follows it.
fn leb128(bytes: &[u8]) -> Option<(u128, &[u8])> {
    let end = bytes.iter().take(10).position(|byte| *byte < 128)?;
    let (number, rest) = bytes.split_at(end + 1);
    let value = number.iter().rev().fold(0, |sum, byte| sum * 128 + u128::from(byte % 128));
    let is_shortest = number.len() == 1 || number[end] != 0;
    (value <= u128::from(u64::MAX) && is_shortest).then_some((value, rest))
}
