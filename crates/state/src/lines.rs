//! Lines of a dump, of bounded length.

use std::io::{self, BufRead, Read as _};

use tollgate_kv::VALUE_BYTES_MAX;

/// Longest line of a dump in bytes, without its line ending: the largest record in hexadecimal, and ample
/// room for its key and its decoded form, which has at most sixteen limits.
pub const LINE_BYTES_MAX: usize = 2 * VALUE_BYTES_MAX + (16 << 10);

/// Reads the next line into `buffer`, without its line ending (LF or CRLF). Returns whether there was one.
///
/// A line that is too long is read only far enough to show it: `buffer` then has more than
/// [`LINE_BYTES_MAX`] bytes.
pub(crate) fn next_line(reader: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<bool> {
    buffer.clear();
    // Room for the longest line and its CRLF.
    let most = LINE_BYTES_MAX as u64 + 2;
    let read = reader.by_ref().take(most).read_until(b'\n', buffer)?;
    if buffer.last() == Some(&b'\n') {
        buffer.pop();
        if buffer.last() == Some(&b'\r') {
            buffer.pop();
        }
    }
    Ok(read > 0)
}
