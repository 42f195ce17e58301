//! Dumps a store.

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

/// Writes everything that `values` holds to `output`, and returns the number of records.
/// `progress` gets the number so far.
///
/// Each record is as it was when it was read. What is written meanwhile may or may not be in the dump:
/// only the dump of a store that is not in use is a snapshot.
///
/// # Errors
/// [`DumpError`]; what was written until then lacks its last line, so restoring it fails.
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
            // It may have been deleted since it was listed.
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
