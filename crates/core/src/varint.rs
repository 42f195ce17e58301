//! Unsigned LEB128: seven bits per byte, lowest first, and a high bit that says that more follow.
//!
//! Every number has exactly one encoding here, so that equal values are equal bytes. The source is
//! the DWARF debugging format, version 5, section 7.6 (<https://dwarfstd.org/dwarf5std.html>).

use alloc::vec::Vec;

/// The longest number in bytes: 64 bits, seven in each.
pub(crate) const VARINT_BYTES_MAX: usize = 10;

const MORE: u8 = 0x80;

/// Appends `value`: 1 to [`VARINT_BYTES_MAX`] bytes.
pub(crate) fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= u64::from(MORE) {
        out.push(value as u8 | MORE);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The number that the bytes begin with, and what follows it.
///
/// `None` when they end too early, when the number exceeds 64 bits, and when it has a shorter encoding.
pub(crate) fn take(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    let mut rest = bytes;
    for index in 0..VARINT_BYTES_MAX {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        let bits = u64::from(byte & !MORE);
        let shift = u32::try_from(index).ok()?.checked_mul(7)?;
        let placed = bits.checked_shl(shift)?;
        if placed.checked_shr(shift)? != bits {
            return None;
        }
        value |= placed;
        if byte & MORE == 0 {
            let is_shortest = byte != 0 || index == 0;
            return is_shortest.then_some((value, rest));
        }
    }
    None
}

#[cfg(test)]
mod tests;
