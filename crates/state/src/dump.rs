//! Out of a store.

use std::io::{self, Write};

use tollgate_kv::{KeyValue, KeyValueError};

use crate::decoded::Decoder;
use crate::entry::{self, Entry};

/// Why a dump was not written.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The store can't be read.
    #[error("the store can't be read")]
    Store(#[from] KeyValueError),
    /// The dump can't be written.
    #[error("the dump can't be written")]
    Write(#[from] io::Error),
}

/// Writes everything that `values` holds to `output`, and answers how many records that were.
/// `progress` is told how many there are so far.
///
/// Each record is as it was when it was read. What is written meanwhile may be in the dump or not: a
/// dump of one moment is one of a store that nobody uses.
///
/// # Errors
/// [`DumpError`]; what was written until then lacks its last line, which whoever restores it finds out.
pub async fn dump(
    values: &dyn KeyValue,
    decoder: &Decoder,
    output: &mut impl Write,
    mut progress: impl FnMut(u64),
) -> Result<u64, DumpError> {
    writeln!(output, "{}", entry::header_line())?;
    let (mut records, mut cursor) = (0, None);
    loop {
        let page = values.list(cursor.as_deref()).await?;
        for key in page.keys {
            // It may have gone since it was listed.
            let Some(bytes) = values.get(&key).await? else { continue };
            let decoded = decoder.decode(&key, &bytes);
            writeln!(output, "{}", entry::entry_line(&Entry::new(key, &bytes, decoded)))?;
            records += 1;
            progress(records);
        }
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    writeln!(output, "{}", entry::end_line(records))?;
    output.flush()?;
    Ok(records)
}
