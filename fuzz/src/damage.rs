//! What may happen to bytes in a store.

use arbitrary::{Result, Unstructured};

/// The same bytes with one of them set, the end cut off, or a run of them written over another.
pub(crate) fn damaged(bytes: &mut Unstructured<'_>, mut stored: Vec<u8>) -> Result<Vec<u8>> {
    let length = stored.len();
    let at = bytes.int_in_range(0..=length.saturating_sub(1))?;
    match bytes.int_in_range(0..=3_u8)? {
        0 => stored.truncate(at),
        1 => {
            let run = bytes.int_in_range(0..=length.saturating_sub(at))?;
            let to = bytes.int_in_range(0..=length.saturating_sub(run))?;
            stored.copy_within(at..at.saturating_add(run), to);
        }
        _ => {
            let value = bytes.arbitrary()?;
            stored.get_mut(at).into_iter().for_each(|byte| *byte = value);
        }
    }
    Ok(stored)
}
